//! Packets and captures, byte by byte.

use std::net::{IpAddr, SocketAddr};

pub(crate) const SYN: u8 = 0x02;
pub(crate) const FIN: u8 = 0x01;
pub(crate) const RST: u8 = 0x04;
pub(crate) const ACK: u8 = 0x10;

/// A segment of TCP on IP.
pub(crate) fn ip(
    from: SocketAddr,
    to: SocketAddr,
    numbers: (u32, u32),
    flags: u8,
    payload: &[u8],
) -> Vec<u8> {
    let mut tcp = Vec::new();
    tcp.extend(from.port().to_be_bytes());
    tcp.extend(to.port().to_be_bytes());
    tcp.extend(numbers.0.to_be_bytes());
    tcp.extend(numbers.1.to_be_bytes());
    // A header of five words, the flags, a window; no checksum, no urgent pointer.
    tcp.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    tcp.extend(payload);
    let len = u16::try_from(tcp.len()).unwrap();
    let mut packet = Vec::new();
    match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            packet.extend([0x45, 0]);
            packet.extend((len + 20).to_be_bytes());
            packet.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
            packet.extend(from.octets());
            packet.extend(to.octets());
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            packet.extend([0x60, 0, 0, 0]);
            packet.extend(len.to_be_bytes());
            packet.extend([6, 64]);
            packet.extend(from.octets());
            packet.extend(to.octets());
        }
        _ => panic!("two families"),
    }
    packet.extend(tcp);
    packet
}

/// The bytes in front of IP, by the number of the link type.
pub(crate) fn on(link: u16, ip: &[u8]) -> Vec<u8> {
    let ether_type: [u8; 2] = if ip[0] >> 4 == 4 { [0x08, 0x00] } else { [0x86, 0xdd] };
    match link {
        0 => [&[2, 0, 0, 0], ip].concat(),
        1 => {
            let mut packet = [&[0; 12], &ether_type[..], ip].concat();
            // A short frame is padded.
            packet.resize(packet.len().max(60), 0xaa);
            packet
        }
        101 => ip.to_vec(),
        113 => [&[0; 14], &ether_type[..], ip].concat(),
        276 => [&ether_type[..], &[0; 18], ip].concat(),
        _ => panic!("{link}"),
    }
}

/// A pcap: each packet with its time in microseconds.
pub(crate) fn pcap(link: u16, packets: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let packets: Vec<_> = packets.iter().map(|(at, packet)| (*at, on(link, packet))).collect();
    raw_pcap(link, &packets)
}

/// A pcap of packets that begin with their link layer.
pub(crate) fn raw_pcap(link: u16, packets: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut file = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0".to_vec();
    file.extend(u32::from(link).to_le_bytes());
    for (at, packet) in packets {
        let len = u32::try_from(packet.len()).unwrap().to_le_bytes();
        file.extend([(at / 1_000_000).to_le_bytes(), (at % 1_000_000).to_le_bytes(), len, len].concat());
        file.extend(packet);
    }
    file
}

/// A pcapng in big-endian byte order.
pub(crate) fn pcapng(link: u16, packets: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let packets: Vec<_> = packets.iter().map(|(at, packet)| (*at, 0, packet.clone())).collect();
    several(&[link], &packets)
}

/// A pcapng with several interfaces: each packet with its time and its interface.
pub(crate) fn several(links: &[u16], packets: &[(u32, u32, Vec<u8>)]) -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let mut body = body.to_vec();
        body.resize(body.len().next_multiple_of(4), 0);
        let len = u32::try_from(body.len() + 12).unwrap().to_be_bytes();
        [&kind.to_be_bytes(), &len[..], &body, &len].concat()
    };
    let mut file = block(0x0a0d_0d0a, b"\x1a\x2b\x3c\x4d\0\x01\0\0\xff\xff\xff\xff\xff\xff\xff\xff");
    for link in links {
        file.extend(block(1, &[&link.to_be_bytes(), &b"\0\0\0\0\0\0"[..]].concat()));
    }
    // The name of the interface doesn't matter.
    file.extend(block(4, b"\0\0\0\0"));
    for (at, interface, packet) in packets {
        let link = links[usize::try_from(*interface).unwrap()];
        let packet = if link == 9999 { packet.clone() } else { on(link, packet) };
        let len = u32::try_from(packet.len()).unwrap().to_be_bytes();
        let head = [interface.to_be_bytes(), 0_u32.to_be_bytes(), at.to_be_bytes(), len, len].concat();
        file.extend(block(6, &[&head[..], &packet].concat()));
    }
    file
}
