//! Writes arrays, and archives of them.

use std::io::Write;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// A file with an array, whatever its header says.
pub fn written(header: &str, elements: &[u8]) -> Vec<u8> {
    let padded = format!("{header:<0$}\n", (header.len() + 11).next_multiple_of(64) - 11);
    [b"\x93NUMPY\x01\x00", &(padded.len() as u16).to_le_bytes()[..], padded.as_bytes(), elements].concat()
}

pub fn npy(described: &str, shape: &[usize], elements: &[u8]) -> Vec<u8> {
    let shape: String = shape.iter().map(|length| format!("{length}, ")).collect();
    written(&format!("{{'descr': '{described}', 'fortran_order': False, 'shape': ({shape}), }}"), elements)
}

pub fn floats(shape: &[usize], numbers: impl Iterator<Item = f64>) -> Vec<u8> {
    npy("<f8", shape, &numbers.flat_map(f64::to_le_bytes).collect::<Vec<_>>())
}

pub fn ints(shape: &[usize], numbers: impl Iterator<Item = i64>) -> Vec<u8> {
    npy("<i8", shape, &numbers.flat_map(i64::to_le_bytes).collect::<Vec<_>>())
}

pub fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("packed");
    encoder.finish().expect("packed")
}

/// A file in a zip file.
pub struct Packed {
    pub name: String,
    pub flags: u16,
    pub method: u16,
    pub bytes: Vec<u8>,
    pub crc: u32,
    pub size: u32,
}

impl Packed {
    pub fn stored(name: &str, bytes: &[u8]) -> Self {
        let mut crc = Crc::new();
        crc.update(bytes);
        Self {
            name: name.to_string(),
            flags: 0,
            method: 0,
            bytes: bytes.to_vec(),
            crc: crc.sum(),
            size: bytes.len() as u32,
        }
    }

    pub fn deflated(name: &str, bytes: &[u8]) -> Self {
        Self { method: 8, bytes: deflated(bytes), ..Self::stored(name, bytes) }
    }
}

pub fn zip(files: &[Packed]) -> Vec<u8> {
    let (mut all, mut directory) = (Vec::new(), Vec::new());
    for Packed { name, flags, method, bytes, crc, size } in files {
        let two = |numbers: &[u16]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>();
        let four = |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>();
        let shared =
            [two(&[20, *flags, *method, 0, 0]), four(&[*crc, bytes.len() as u32, *size]), two(&[name.len() as u16, 0])]
                .concat();
        directory.extend(
            [&b"PK\x01\x02\x14\0"[..], &shared, &two(&[0, 0, 0]), &four(&[0, all.len() as u32]), name.as_bytes()]
                .concat(),
        );
        all.extend([b"PK\x03\x04", &shared[..], name.as_bytes(), bytes].concat());
    }
    let (start, count) = (all.len() as u32, files.len() as u16);
    let sizes = [(directory.len() as u32).to_le_bytes(), start.to_le_bytes()].concat();
    all.extend(directory);
    all.extend([b"PK\x05\x06\0\0\0\0", &count.to_le_bytes()[..], &count.to_le_bytes(), &sizes, &[0, 0]].concat());
    all
}

fn archive(arrays: &[(&str, &[u8])], packed: fn(&str, &[u8]) -> Packed) -> Vec<u8> {
    let file = |(name, bytes): &(&str, &[u8])| packed(&format!("{name}.npy"), bytes);
    zip(&arrays.iter().map(file).collect::<Vec<_>>())
}

/// As `numpy.savez` writes it.
pub fn npz(arrays: &[(&str, &[u8])]) -> Vec<u8> {
    archive(arrays, Packed::stored)
}

/// As `numpy.savez_compressed` writes it.
pub fn savez_compressed(arrays: &[(&str, &[u8])]) -> Vec<u8> {
    archive(arrays, Packed::deflated)
}
