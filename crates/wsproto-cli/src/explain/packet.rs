//! The TCP segment in a captured packet.

use std::net::{IpAddr, SocketAddr};

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};

/// A segment of TCP.
#[derive(Debug)]
pub(super) struct Segment<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) sequence: u32,
    pub(super) acknowledged: Option<u32>,
    pub(super) syn: bool,
    pub(super) fin: bool,
    pub(super) rst: bool,
    /// The captured part of the payload.
    pub(super) payload: &'a [u8],
}

/// The link layer in front of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Ethernet,
    /// IP itself.
    Ip,
    /// Four bytes that name the address family.
    Loopback,
    /// Linux cooked, versions 1 and 2.
    Cooked1,
    Cooked2,
}

impl Link {
    /// Returns the link with this number in captures; none if it is unknown.
    pub(super) const fn of(number: i32) -> Option<Self> {
        Some(match number {
            0 | 108 => Self::Loopback,
            1 => Self::Ethernet,
            // BSD has numbers of its own for raw IP.
            12 | 14 | 101 | 228 | 229 => Self::Ip,
            113 => Self::Cooked1,
            276 => Self::Cooked2,
            _ => return None,
        })
    }
}

/// Finds the segment in a packet; none if there is no segment, or only a fragment of it.
pub(super) fn segment(link: Link, packet: &[u8]) -> Option<Segment<'_>> {
    let sliced = match link {
        Link::Ethernet => LaxSlicedPacket::from_ethernet(packet).ok()?,
        Link::Ip => LaxSlicedPacket::from_ip(packet).ok()?,
        Link::Loopback => LaxSlicedPacket::from_ip(packet.get(4..)?).ok()?,
        Link::Cooked1 => {
            let (header, rest) = packet.split_first_chunk::<16>()?;
            LaxSlicedPacket::from_ether_type(ether_type(*header.last_chunk()?), rest)
        }
        Link::Cooked2 => {
            let (header, rest) = packet.split_first_chunk::<20>()?;
            LaxSlicedPacket::from_ether_type(ether_type(*header.first_chunk()?), rest)
        }
    };
    let (source, destination) = match sliced.net? {
        LaxNetSlice::Ipv4(ip) if !ip.payload().fragmented => {
            (IpAddr::V4(ip.header().source_addr()), IpAddr::V4(ip.header().destination_addr()))
        }
        LaxNetSlice::Ipv6(ip) if !ip.payload().fragmented => {
            (IpAddr::V6(ip.header().source_addr()), IpAddr::V6(ip.header().destination_addr()))
        }
        _ => return None,
    };
    let Some(TransportSlice::Tcp(tcp)) = sliced.transport else { return None };
    Some(Segment {
        from: SocketAddr::new(source, tcp.source_port()),
        to: SocketAddr::new(destination, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
        syn: tcp.syn(),
        fin: tcp.fin(),
        rst: tcp.rst(),
        payload: tcp.payload(),
    })
}

const fn ether_type(bytes: [u8; 2]) -> EtherType {
    EtherType(u16::from_be_bytes(bytes))
}
