//! Git's packet framing: four hex digits of length, then that many bytes less four.
//!
//! See <https://git-scm.com/docs/gitprotocol-common#_pkt_line_format>.

/// One packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// A packet with data; the line break at its end, if any, is still there.
    Data(&'a [u8]),
    /// `0000`: the end of a message.
    Flush,
    /// `0001`: the end of a section.
    Delimiter,
    /// `0002`: the end of an answer.
    ResponseEnd,
}

/// Why bytes are not packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// The four bytes of a length are not hex digits, or the length is `0003`.
    #[error("the length of a packet is not a number")]
    Length,
    /// The bytes end in the middle of a packet.
    #[error("it ends in the middle of a packet")]
    Truncated,
}

/// The packets of a reply, in order; the first error ends them.
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    rest: &'a [u8],
}

impl<'a> Packets<'a> {
    /// Returns the packets in `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn read(&mut self) -> Result<Packet<'a>, PacketError> {
        let (head, rest) = self.rest.split_at_checked(4).ok_or(PacketError::Truncated)?;
        let length = head.iter().try_fold(0_usize, |length, byte| {
            let digit = char::from(*byte).to_digit(16)?;
            Some(length * 16 + usize::try_from(digit).ok()?)
        });
        let packet = match length.ok_or(PacketError::Length)? {
            0 => Packet::Flush,
            1 => Packet::Delimiter,
            2 => Packet::ResponseEnd,
            3 => return Err(PacketError::Length),
            length => {
                let (data, rest) = rest.split_at_checked(length - 4).ok_or(PacketError::Truncated)?;
                self.rest = rest;
                return Ok(Packet::Data(data));
            }
        };
        self.rest = rest;
        Ok(packet)
    }
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<Packet<'a>, PacketError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let packet = self.read();
        if packet.is_err() {
            self.rest = &[];
        }
        Some(packet)
    }
}

/// Appends `text` to `message` as one packet; it must be shorter than 65,516 bytes, as everything we say is.
pub(super) fn push_packet(message: &mut Vec<u8>, text: &str) {
    message.extend_from_slice(format!("{:04x}", text.len() + 4).as_bytes());
    message.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: &[Result<Packet<'_>, PacketError>]) {
        assert_eq!(Packets::new(bytes).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn reads_data_and_marks() {
        check(
            b"0008abc\n0004000100020000",
            &[
                Ok(Packet::Data(b"abc\n")),
                Ok(Packet::Data(b"")),
                Ok(Packet::Delimiter),
                Ok(Packet::ResponseEnd),
                Ok(Packet::Flush),
            ],
        );
        check(b"", &[]);
    }

    #[test]
    fn the_first_error_ends_them() {
        check(b"0008ab", &[Err(PacketError::Truncated)]);
        check(b"00", &[Err(PacketError::Truncated)]);
        check(b"0003", &[Err(PacketError::Length)]);
        check(b"<!doctype html>", &[Err(PacketError::Length)]);
        check(b"0005a\xff\xff\xff\xff0000", &[Ok(Packet::Data(b"a")), Err(PacketError::Length)]);
    }

    #[test]
    fn a_written_packet_reads_back() {
        let mut message = Vec::new();
        push_packet(&mut message, "command=ls-refs\n");
        check(&message, &[Ok(Packet::Data(b"command=ls-refs\n"))]);
    }
}
