//! A pcap or pcapng, packet by packet.

use std::time::Duration;

use pcap_parser::{Block, PcapBlockOwned, PcapError, create_reader};

use super::{
    Options,
    flows::Flows,
    input::Input,
    packet::{Link, segment},
    show::{Show, Stop},
};
use crate::exit::{Failure, Status};

/// The bytes of the file that are in memory, and the most that they grow to for one long packet.
const BUFFER_LEN: usize = 128 << 10;
const LONGEST_BLOCK: usize = 64 << 20;

/// An interface of a capture.
#[derive(Clone, Copy, Debug)]
struct Interface {
    /// None if packets of this link can't be read.
    link: Option<Link>,
    /// The units of its times, per second.
    resolution: u64,
}

/// The state of reading a capture.
#[derive(Debug, Default)]
struct Capture {
    interfaces: Vec<Interface>,
    /// The number of packets, and of those whose link is unknown.
    packets: u64,
    unknown: u64,
    link: Option<i32>,
}

/// Explains all connections of a capture.
pub(super) fn explain(input: Input, options: &Options, show: &mut Show) -> Result<(), Stop> {
    let name = input.name;
    let bad = |what: String| Failure::new(Status::Local, format_args!("{name} {what}"));
    let mut reader = create_reader(BUFFER_LEN, input.reader)
        .map_err(|_| bad("is cut off, or damaged: its first block can't be read".into()))?;
    let mut flows = Flows::new(options);
    let mut capture = Capture::default();
    let mut size = BUFFER_LEN;
    let fault = loop {
        match reader.next() {
            Ok((len, block)) => {
                capture.block(&block, &mut flows, show)?;
                reader.consume(len);
            }
            Err(PcapError::Eof) => break None,
            Err(PcapError::UnexpectedEof) => {
                break Some(format!("is cut off in the middle of a packet, after {}", capture.packets));
            }
            Err(PcapError::Incomplete(_) | PcapError::BufferTooSmall) => {
                let before = reader.data().len();
                let outcome = reader.refill();
                if outcome.is_err() {
                    break Some(format!("can't be read on after {} packets", capture.packets));
                }
                let stands = reader.data().len() == before && !reader.reader_exhausted();
                if stands {
                    size = size.saturating_mul(2);
                    if size > LONGEST_BLOCK || !reader.grow(size) {
                        break Some(format!(
                            "is damaged: packet {} is too long",
                            capture.packets.saturating_add(1)
                        ));
                    }
                }
            }
            Err(_) => break Some(format!("is damaged after {} packets", capture.packets)),
        }
    };
    flows.finish(show)?;
    capture.note(&name, show);
    fault.map_or(Ok(()), |fault| Err(bad(fault).into()))
}

impl Capture {
    /// Takes the next block of the file.
    fn block(
        &mut self,
        block: &PcapBlockOwned<'_>,
        flows: &mut Flows<'_>,
        show: &mut Show,
    ) -> Result<(), Stop> {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                let resolution = if header.is_nanosecond_precision() { 1_000_000_000 } else { 1_000_000 };
                self.interface(header.network.0, resolution);
                Ok(())
            }
            PcapBlockOwned::Legacy(packet) => {
                let seconds = Duration::from_secs(packet.ts_sec.into());
                let at = seconds.saturating_add(self.part(0, packet.ts_usec.into()));
                self.packet(0, at, packet.data, packet.caplen, flows, show)
            }
            PcapBlockOwned::NG(Block::SectionHeader(_)) => {
                self.interfaces.clear();
                Ok(())
            }
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
                self.interface(interface.linktype.0, interface.ts_resolution().unwrap_or(1_000_000));
                Ok(())
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let index = usize::try_from(packet.if_id).unwrap_or(usize::MAX);
                let units = (u64::from(packet.ts_high) << 32) | u64::from(packet.ts_low);
                let at = self.part(index, units);
                self.packet(index, at, packet.data, packet.caplen, flows, show)
            }
            PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
                self.packet(0, Duration::ZERO, packet.data, packet.origlen, flows, show)
            }
            PcapBlockOwned::NG(_) => Ok(()),
        }
    }

    fn interface(&mut self, link: i32, resolution: u64) {
        // More interfaces than any capture has. Packets of later ones count as of an unknown link.
        if self.interfaces.len() < 65_536 {
            self.interfaces.push(Interface { link: Link::of(link), resolution });
        }
        if Link::of(link).is_none() {
            self.link = Some(link);
        }
    }

    /// Returns a time in the units of an interface.
    fn part(&self, interface: usize, units: u64) -> Duration {
        let resolution =
            self.interfaces.get(interface).map_or(1_000_000, |interface| interface.resolution.max(1));
        let nanos = u128::from(units).saturating_mul(1_000_000_000).checked_div(resolution.into());
        Duration::from_nanos(u64::try_from(nanos.unwrap_or_default()).unwrap_or(u64::MAX))
    }

    fn packet(
        &mut self,
        interface: usize,
        at: Duration,
        data: &[u8],
        len: u32,
        flows: &mut Flows<'_>,
        show: &mut Show,
    ) -> Result<(), Stop> {
        self.packets = self.packets.saturating_add(1);
        let Some(link) = self.interfaces.get(interface).and_then(|interface| interface.link) else {
            self.unknown = self.unknown.saturating_add(1);
            return Ok(());
        };
        // A block is padded.
        let data = usize::try_from(len).ok().and_then(|len| data.get(..len)).unwrap_or(data);
        match segment(link, data) {
            Some(segment) => flows.segment(at, &segment, show),
            None => Ok(()),
        }
    }

    /// Says what was left out.
    fn note(&self, name: &str, show: &mut Show) {
        if self.unknown > 0 {
            let link = self.link.map(|link| format!(" {link}")).unwrap_or_default();
            show.note(format_args!(
                "{name}: {} packets are of link type{link}, which isn't known: Ethernet, Linux cooked, raw IP \
                 and loopback are",
                self.unknown
            ));
        }
    }
}
