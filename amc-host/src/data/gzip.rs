//! Gzip files as `gzip -d` reads them: one member after another, and after the last one zeros, which fill up a block.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// What the members of a gzip file hold, in their order. Anything else than members and zeros after them is an error.
pub struct Members<R> {
    /// The member under way; none after the last.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    /// A gzip file that begins here.
    pub fn new(file: R) -> Self {
        Self { member: Some(GzDecoder::new(file)) }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let count = member.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            self.member = match self.member.take().map(GzDecoder::into_inner) {
                Some(rest) => next(rest)?,
                None => None,
            };
        }
        Ok(0)
    }
}

/// The member that follows, if one does.
fn next<R: BufRead>(mut rest: R) -> io::Result<Option<GzDecoder<R>>> {
    let mut padded = false;
    loop {
        let bytes = rest.fill_buf()?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        match bytes.get(zeros) {
            None if bytes.is_empty() => return Ok(None),
            Some(0x1f) if zeros == 0 && !padded => return Ok(Some(GzDecoder::new(rest))),
            Some(_) => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "something else follows what is gzipped"));
            }
            None => {
                rest.consume(zeros);
                padded = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read, Write};

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::Members;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).expect("written");
        encoder.finish().expect("written")
    }

    fn read(file: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        // A small buffer, so that members and zeros end within it and at its end.
        Members::new(BufReader::with_capacity(7, file)).read_to_end(&mut bytes).map(|_| bytes)
    }

    #[test]
    fn members_follow_each_other_and_zeros_are_left_out() {
        let (one, two) = (gzip(b"one, "), gzip(b"two"));
        for zeros in [0, 1, 6, 7, 8, 512] {
            let padding = vec![0; zeros];
            assert_eq!(read(&[&one[..], &padding].concat()).expect("read"), b"one, ", "{zeros} zeros");
            assert_eq!(read(&[&one[..], &two, &padding].concat()).expect("read"), b"one, two", "{zeros} zeros");
        }
        assert_eq!(read(&[gzip(b""), one, gzip(b""), two].concat()).expect("read"), b"one, two");
    }

    #[test]
    fn what_else_follows_is_an_error() {
        let one = gzip(b"one");
        for garbage in [&b"x"[..], b"\0\0x", b"\x1f", b"\x1f\x8c", &[&[0; 9][..], &one].concat()] {
            let error = read(&[&one[..], garbage].concat()).expect_err("no member");
            assert!(!error.to_string().is_empty());
        }
        assert!(read(b"").is_err() && read(&one[..one.len() - 1]).is_err());
    }
}
