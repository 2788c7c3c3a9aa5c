//! IDX files, the format of MNIST and Fashion-MNIST, plain or gzipped.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use std::sync::Arc;

use amc_core::sums::BLOCK;
use amc_engine::CRC;
use amc_engine::data::{Data, OwnedTargets, Set, Values};
use amc_engine::ranks::{Share, Team};
use md5::{Digest, Md5};

use super::gzip::Members;
use super::sources::{MNIST, SOURCES, Source};

/// What is wrong with an IDX file.
#[derive(Debug, thiserror::Error)]
pub enum IdxError {
    /// Neither the file nor its gzipped form is there.
    #[error("{0}: there is no such file, nor one ending in .gz")]
    Missing(PathBuf),
    /// It cannot be read or unpacked.
    #[error("{0}")]
    Io(PathBuf, #[source] io::Error),
    /// It is a file of another data set.
    #[error("{path} is {found}'s, not {wanted}'s: use --data {found}, or name the folder of {wanted} with --data-dir")]
    OtherSet {
        /// The file.
        path: PathBuf,
        /// The data set that it is of.
        found: &'static str,
        /// The data set wanted.
        wanted: &'static str,
    },
    /// It does not begin as an IDX file does.
    #[error(
        "{path}: the file begins with {found:02x?}, not with [00, 00, 08, {dimensions:02x}] as an IDX file of bytes does{hint}"
    )]
    Magic {
        /// The file.
        path: PathBuf,
        /// Its first bytes.
        found: Vec<u8>,
        /// Dimensions wanted.
        dimensions: u8,
        /// What it may be instead.
        hint: &'static str,
    },
    /// It is an IDX file whose elements are not unsigned bytes.
    #[error("{path}: its elements are {found} (type {code:#04x}), where unsigned bytes (type 0x08) are read")]
    Elements {
        /// The file.
        path: PathBuf,
        /// Their type.
        found: &'static str,
        /// The byte that stands for it.
        code: u8,
    },
    /// It is an IDX file of other dimensions.
    #[error("{path}: it has {found} dimensions, where {} {wanted}", if *wanted == 1 { "labels have" } else { "images have" })]
    Dimensions {
        /// The file.
        path: PathBuf,
        /// Its dimensions.
        found: u8,
        /// Dimensions wanted: 3 of images, 1 of labels.
        wanted: u8,
    },
    /// Its length is not that of its header's sizes.
    #[error("{path}: the header announces {announced} bytes of data, the file holds {found}")]
    Length {
        /// The file.
        path: PathBuf,
        /// Bytes that the header's sizes come to.
        announced: u64,
        /// Bytes after the header.
        found: u64,
    },
    /// It has no images.
    #[error("{0}: the file holds no samples")]
    Empty(PathBuf),
    /// Images and labels differ in number.
    #[error("{images} holds {image_count} images, but {labels} holds {label_count} labels")]
    Mismatch {
        /// The images.
        images: PathBuf,
        /// How many.
        image_count: usize,
        /// The labels.
        labels: PathBuf,
        /// How many.
        label_count: usize,
    },
    /// A label above 9.
    #[error("{path}: label {index} is {label}, not one of 0 to 9")]
    Label {
        /// The file.
        path: PathBuf,
        /// The label's place, from 0.
        index: usize,
        /// What it is.
        label: u8,
    },
    /// Images of two sizes.
    #[error("{path}: images of {found} pixels, where the training images have {wanted}")]
    Pixels {
        /// The file.
        path: PathBuf,
        /// Its pixels.
        found: usize,
        /// Those of the training images.
        wanted: usize,
    },
}

/// The types of elements, but for unsigned bytes.
const ELEMENTS: [(u8, &str); 5] =
    [(0x09, "signed bytes"), (0x0b, "shorts"), (0x0c, "ints"), (0x0d, "floats"), (0x0e, "doubles")];

/// MNIST's four files in `dir`; pixels scaled to [0, 1].
pub fn load(dir: &Path) -> Result<Data, IdxError> {
    load_set(dir, &MNIST, None)
}

/// The four files of a data set in `dir`, or files of the same names that are not known; pixels scaled to [0, 1]. A rank of a
/// team keeps what is its own, and holds a block of the others' at a time.
pub fn load_set(dir: &Path, set: &Source, team: Option<&Arc<Team>>) -> Result<Data, IdxError> {
    let train = part(dir, "train", set, team)?;
    let test = part(dir, "t10k", set, team)?;
    if train.width() != test.width() {
        let path = dir.join("t10k-images-idx3-ubyte");
        return Err(IdxError::Pixels { path, found: test.width(), wanted: train.width() });
    }
    Ok(Data { train, test: Some(test) })
}

fn part(dir: &Path, name: &str, set: &Source, team: Option<&Arc<Team>>) -> Result<Set, IdxError> {
    let image_path = dir.join(format!("{name}-images-idx3-ubyte"));
    let label_path = dir.join(format!("{name}-labels-idx1-ubyte"));
    let mut digest = CRC.digest();
    let mut pixels = Vec::new();
    // The CRC-32 of all samples is only wanted of those that nobody has.
    let sizes = read::<3>(&image_path, set, &mut |block, piece| {
        if let Some(team) = team {
            digest.update(piece);
            if block % team.count() != team.rank() {
                return;
            }
        }
        pixels.extend_from_slice(piece);
    })?;
    let mut labels = Vec::new();
    read::<1>(&label_path, set, &mut |_, piece| labels.extend_from_slice(piece))?;
    let [image_count, rows, columns] = sizes;
    let width = rows * columns;
    if image_count == 0 || width == 0 {
        return Err(IdxError::Empty(image_path));
    }
    if image_count != labels.len() {
        let (images, labels, label_count) = (image_path, label_path, labels.len());
        return Err(IdxError::Mismatch { images, image_count, labels, label_count });
    }
    if let Some(index) = labels.iter().position(|label| *label > 9) {
        return Err(IdxError::Label { path: label_path, index, label: labels[index] });
    }
    let of = |labels| Set::new(Values::U8(pixels, 1.0 / 255.0), width, OwnedTargets::Classes(labels));
    let Some(team) = team else { return Ok(of(labels)) };
    digest.update(&labels);
    let share = Share::new(team, image_count, digest.finalize());
    let classes = labels.iter().max().map_or(0, |most| usize::from(*most) + 1);
    Ok(of(share.ranges().flat_map(|own| &labels[own]).copied().collect()).of_classes(classes).shared(share))
}

/// The sizes of an IDX file of `D` dimensions, at `path` or `path`.gz, unless it is of another set; `take` is given its blocks of
/// samples, one after another.
fn read<const D: usize>(path: &Path, set: &Source, take: &mut dyn FnMut(usize, &[u8])) -> Result<[usize; D], IdxError> {
    let gzipped = PathBuf::from(format!("{}.gz", path.display()));
    let (path, is_gzipped) = match (path.exists(), gzipped.exists()) {
        (true, _) => (path.to_path_buf(), false),
        (false, true) => (gzipped, true),
        (false, false) => return Err(IdxError::Missing(path.to_path_buf())),
    };
    let io = |error| IdxError::Io(path.clone(), error);
    let file = BufReader::new(File::open(&path).map_err(io)?);
    let mut reader: Box<dyn Read> = if is_gzipped { Box::new(Members::new(file)) } else { Box::new(file) };
    let mut header = Vec::new();
    (&mut reader).take(4 + 4 * D as u64).read_to_end(&mut header).map_err(io)?;
    check_magic(&path, &header, D as u8)?;
    let sizes: Vec<usize> =
        header[4..].as_chunks::<4>().0.iter().map(|size| u32::from_be_bytes(*size) as usize).collect();
    let Ok(sizes) = <[usize; D]>::try_from(sizes) else {
        return Err(IdxError::Length { path, announced: 4 + 4 * D as u64, found: header.len() as u64 });
    };
    let announced = sizes.iter().fold(1_u64, |product, size| product.saturating_mul(*size as u64));
    let of_block = (announced / sizes[0].max(1) as u64).saturating_mul(BLOCK as u64).max(1);
    let (mut piece, mut found, mut content) = (Vec::new(), 0, Md5::new().chain_update(&header));
    for block in 0.. {
        piece.clear();
        // One byte more than announced tells an oversized file, without reading all of it.
        let left = announced.saturating_add(1) - found;
        reader.by_ref().take(of_block.min(left)).read_to_end(&mut piece).map_err(io)?;
        if piece.is_empty() {
            break;
        }
        found += piece.len() as u64;
        content.update(&piece);
        take(block, &piece);
    }
    if found != announced {
        return Err(IdxError::Length { path, announced, found });
    }
    check_set(&path, set, &SOURCES, content)?;
    Ok(sizes)
}

fn check_magic(path: &Path, header: &[u8], dimensions: u8) -> Result<(), IdxError> {
    let path = path.to_path_buf();
    let element = |code: u8| ELEMENTS.iter().find(|(of, _)| *of == code);
    match *header {
        [0, 0, 0x08, found, ..] if found == dimensions => Ok(()),
        [0, 0, 0x08, found, ..] => Err(IdxError::Dimensions { path, found, wanted: dimensions }),
        [0, 0, code, _, ..] if let Some((_, found)) = element(code) => Err(IdxError::Elements { path, found, code }),
        _ => {
            let gzipped = header.starts_with(&[0x1f, 0x8b]);
            let hint = if gzipped { ": the name of a gzipped file has to end in .gz" } else { "" };
            Err(IdxError::Magic { path, found: header.iter().take(4).copied().collect(), dimensions, hint })
        }
    }
}

/// Refuses what is a file of another data set, one of `all`.
fn check_set(path: &Path, set: &Source, all: &[&Source], content: Md5) -> Result<(), IdxError> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().trim_end_matches(".gz");
    match all.iter().find(|other| other.name != set.name && other.holds(name, content.clone())) {
        Some(other) => Err(IdxError::OtherSet { path: path.to_path_buf(), found: other.name, wanted: set.name }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use md5::{Digest, Md5};

    use super::check_set;
    use crate::data::sources::{Source, SourceFile};

    #[test]
    fn a_file_of_another_set_is_refused_by_its_name_and_content() {
        // The MD5 of "abc", of "message digest", and of nothing, from RFC 1321.
        let (abc, digest) = ("900150983cd24fb0d6963f7d28e17f72", "f96b697d7cb7938d525a2f31aaf161d0");
        let file = |name, unpacked_md5| SourceFile { name, md5: "d41d8cd98f00b204e9800998ecf8427e", unpacked_md5 };
        let source = |name, [images, labels]: [&'static str; 2]| {
            let files = [("i", images), ("l", labels), ("ti", images), ("tl", labels)];
            Source { name, url: "", files: files.map(|(name, md5)| file(name, md5)) }
        };
        let (one, two) = (source("one", [abc, digest]), source("two", [digest, abc]));
        let check = |path: &str, content: [&[u8]; 2]| {
            check_set(Path::new(path), &one, &[&one, &two], content.into_iter().fold(Md5::new(), Md5::chain_update))
        };
        assert!(check("d/i", [b"a", b"bc"]).is_ok());
        assert!(check("d/i.gz", [b"a", b"bd"]).is_ok(), "what is not known is anyone's");
        assert!(check("d/x", [b"message", b" digest"]).is_ok());
        for path in ["d/i", "d/i.gz"] {
            let error = check(path, [b"message", b" digest"]).expect_err("of the other").to_string();
            assert!(error.starts_with(&format!("{path} is two's, not one's: use --data two")), "{error}");
        }
    }
}
