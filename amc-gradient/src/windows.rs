//! Windows that move over images: what is under them, and where it goes back to.

use amc_core::{Image, Kernel};

use amc_kernels::TILE;

/// Numbers that lie one behind the other, in an image and in a window over it: a row of the window, at one of its
/// positions, as far as it is on the image.
pub(super) struct Run {
    pub position: usize,
    /// The first of them in the window.
    pub window: usize,
    /// The first of them in the image.
    pub image: usize,
    pub length: usize,
}

/// All runs, position by position, and at each row by row.
pub(super) fn runs(image: Image, kernel: Kernel) -> impl Iterator<Item = Run> {
    let Image { rows, columns, channels } = image;
    let out = image.through(kernel, 1);
    let [size, stride, padding] = [kernel.size, kernel.stride, kernel.padding].map(|n| n as usize);
    let run = move |(position, of_window): (usize, usize)| {
        let (top, left) = (position / out.columns * stride, position % out.columns * stride);
        let row = (top + of_window).checked_sub(padding).filter(|row| *row < rows)?;
        // From the left side of the padding: the window is at left .. left + size, the image at padding and beyond.
        let (first, end) = (left.max(padding), (left + size).min(padding + columns));
        let window = (of_window * size + first - left) * channels;
        let image = (row * columns + first - padding) * channels;
        (first < end).then(|| Run { position, window, image, length: (end - first) * channels })
    };
    let positions = out.rows * out.columns;
    (0..positions).flat_map(move |position| (0..size).map(move |row| (position, row))).filter_map(run)
}

/// What is under a window at each of its positions, `[tile][position][row][column][channel][TILE]`; 0 beyond the image.
pub(super) fn cut(image: Image, kernel: Kernel, images: &[f32], windows: &mut [f32]) {
    windows.fill(0.0);
    let (size, positions) = (size(image, kernel), image.through(kernel, 1).numbers());
    let tiles = images.chunks_exact((image.numbers() * TILE).max(1));
    for (image_of, windows) in tiles.zip(windows.chunks_exact_mut((positions * size * TILE).max(1))) {
        for run in runs(image, kernel) {
            let to = (run.position * size + run.window) * TILE;
            let length = run.length * TILE;
            windows[to..][..length].copy_from_slice(&image_of[run.image * TILE..][..length]);
        }
    }
}

/// Adds up, for every number of the images, what its places in windows have: the reverse of [`cut`].
pub(super) fn add_up(image: Image, kernel: Kernel, windows: &[f32], images: &mut [f32]) {
    images.fill(0.0);
    let (size, positions) = (size(image, kernel), image.through(kernel, 1).numbers());
    let tiles = images.chunks_exact_mut((image.numbers() * TILE).max(1));
    for (image_of, windows) in tiles.zip(windows.chunks_exact((positions * size * TILE).max(1))) {
        for run in runs(image, kernel) {
            let from = (run.position * size + run.window) * TILE;
            let length = run.length * TILE;
            let sums = &mut image_of[run.image * TILE..][..length];
            sums.iter_mut().zip(&windows[from..][..length]).for_each(|(sum, number)| *sum += *number);
        }
    }
}

/// Numbers under a window.
pub(super) fn size(image: Image, kernel: Kernel) -> usize {
    kernel.size as usize * kernel.size as usize * image.channels
}
