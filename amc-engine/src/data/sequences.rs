//! Images of zeros and ones as sequences of pixels, black or white (Sec. II D).

use super::{Data, OwnedTargets, Set, Values};

/// A pixel is white above so much of the largest one.
const THRESHOLD: f32 = 0.25;

/// The images of the classes 0 and 1, as the features of one-hot pairs (black, white) for each pixel, row after row.
///
/// `pooled`: each pixel is the largest of a square of 2 x 2, of images that are square and have an even number of rows;
/// other images are left as they are. Data whose features are not bytes give no samples.
pub fn zeros_and_ones(data: &Data, pooled: bool) -> Data {
    Data { train: part(&data.train, pooled), test: data.test.as_ref().map(|test| part(test, pooled)) }
}

fn part(set: &Set, pooled: bool) -> Set {
    let (Values::U8(pixels, scale), OwnedTargets::Classes(classes)) = (&set.values, &set.targets) else {
        return Set::new(Values::U8(Vec::new(), 1.0), 2 * set.width, OwnedTargets::Classes(Vec::new()));
    };
    let rows = set.width.isqrt();
    let pooled = pooled && rows * rows == set.width && rows.is_multiple_of(2);
    let white = |pixel: u8| f32::from(pixel) * scale > THRESHOLD;
    let chosen = pixels.chunks_exact(set.width.max(1)).zip(classes).filter(|(_, class)| **class <= 1);
    let (mut pairs, mut wanted) = (Vec::new(), Vec::new());
    for (image, class) in chosen {
        let pixels = if pooled { largest_of_squares(image, rows) } else { image.to_vec() };
        pairs.extend(pixels.into_iter().map(white).flat_map(|white| [u8::from(!white), u8::from(white)]));
        wanted.push(*class);
    }
    let width = if pooled { set.width / 4 } else { set.width };
    Set::new(Values::U8(pairs, 1.0), 2 * width, OwnedTargets::Classes(wanted))
}

fn largest_of_squares(image: &[u8], rows: usize) -> Vec<u8> {
    let pairs = image.chunks_exact(2 * rows.max(1));
    let square = |(above, below): (&[u8], &[u8])| above.iter().chain(below).copied().max().unwrap_or(0);
    let of_rows = |both: &[u8]| {
        let (above, below) = both.split_at(rows);
        above.chunks_exact(2).zip(below.chunks_exact(2)).map(square).collect::<Vec<_>>()
    };
    pairs.flat_map(of_rows).collect()
}

#[cfg(test)]
mod tests {
    use super::zeros_and_ones;
    use crate::data::{Data, OwnedTargets, Set, Values};

    /// Images of 2 x 4, or 4 x 4, pixels of which 0 or 200 stand for each character.
    fn images(rows: &[&str], classes: &[u8]) -> Data {
        let pixel = |c: char| if c == '#' { 200 } else { 60 };
        let width = rows[0].len();
        let pixels = rows.iter().flat_map(|row| row.chars()).map(pixel).collect();
        Data {
            train: Set::new(Values::U8(pixels, 1.0 / 255.0), width, OwnedTargets::Classes(classes.to_vec())),
            test: None,
        }
    }

    fn pairs(data: &Data) -> (String, Vec<u8>) {
        let (Values::U8(pairs, scale), OwnedTargets::Classes(classes)) = (&data.train.values, &data.train.targets)
        else {
            panic!("bytes and classes")
        };
        assert_eq!(*scale, 1.0);
        let pixel = |pair: &[u8]| match pair {
            [1, 0] => '.',
            [0, 1] => '#',
            other => panic!("{other:?} is no one-hot pair"),
        };
        (pairs.chunks_exact(2).map(pixel).collect(), classes.clone())
    }

    #[test]
    fn pixels_are_one_hot_pairs_of_the_images_of_two_classes() {
        let data = images(&["#..#", "####", "...#", ".#.."], &[1, 7, 0, 2]);
        let sequences = zeros_and_ones(&data, false);
        assert_eq!(pairs(&sequences), ("#..#...#".into(), vec![1, 0]));
        assert_eq!((sequences.train.len(), sequences.train.width()), (2, 8));
    }

    #[test]
    fn pooled_pixels_are_white_where_one_of_the_square_is() {
        let data = images(&["#.........##....", "................"], &[0, 1]);
        let sequences = zeros_and_ones(&data, true);
        assert_eq!(pairs(&sequences), ("#..#....".into(), vec![0, 1]));
        assert_eq!(sequences.train.width(), 8);
    }

    #[test]
    fn the_threshold_is_a_quarter_of_the_largest_pixel() {
        let pixels = Values::U8(vec![63, 64, 0, 255], 1.0 / 255.0);
        let data = Data { train: Set::new(pixels, 4, OwnedTargets::Classes(vec![0])), test: None };
        assert_eq!(pairs(&zeros_and_ones(&data, false)).0, ".#.#");
    }
}
