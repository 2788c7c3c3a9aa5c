//! Windows that move over images: what is under them, and where it goes back to.

use amc_core::{Image, Kernel};

use amc_kernels::TILE;

/// A window over images.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub image: Image,
    /// Its rows, and where they are.
    pub rows: Kernel,
    /// Its columns.
    pub columns: Kernel,
}

impl Window {
    /// A square.
    pub fn square(image: Image, kernel: Kernel) -> Self {
        Self { image, rows: kernel, columns: kernel }
    }

    /// Numbers under it.
    pub fn size(&self) -> usize {
        self.rows.size as usize * self.columns.size as usize * self.image.channels
    }

    /// Rows and columns of its positions.
    fn positions(&self) -> (usize, usize) {
        let Self { image, rows, columns } = *self;
        (image.through(rows, 1).rows, image.through(columns, 1).columns)
    }
}

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
pub(super) fn runs(window: Window) -> impl Iterator<Item = Run> {
    let Image { rows, columns, channels } = window.image;
    let positions = window.positions();
    let wide = |kernel: Kernel| [kernel.size, kernel.stride, kernel.padding].map(|n| n as usize);
    let ([height, down, above], [size, across, beside]) = (wide(window.rows), wide(window.columns));
    let run = move |(position, of_window): (usize, usize)| {
        let (top, left) = (position / positions.1 * down, position % positions.1 * across);
        let row = (top + of_window).checked_sub(above).filter(|row| *row < rows)?;
        // From the left side of the padding: the window is at left .. left + size, the image at `beside` and beyond.
        let (first, end) = (left.max(beside), (left + size).min(beside + columns));
        let window = (of_window * size + first - left) * channels;
        let image = (row * columns + first - beside) * channels;
        (first < end).then(|| Run { position, window, image, length: (end - first) * channels })
    };
    let positions = positions.0 * positions.1;
    (0..positions).flat_map(move |position| (0..height).map(move |row| (position, row))).filter_map(run)
}

/// What is under a window at each of its positions, `[tile][position][row][column][channel][TILE]`; 0 beyond the image.
pub(super) fn cut(window: Window, images: &[f32], windows: &mut [f32]) {
    windows.fill(0.0);
    let (size, (rows, columns)) = (window.size(), window.positions());
    let positions = rows * columns;
    let tiles = images.chunks_exact((window.image.numbers() * TILE).max(1));
    for (image_of, windows) in tiles.zip(windows.chunks_exact_mut((positions * size * TILE).max(1))) {
        for run in runs(window) {
            let to = (run.position * size + run.window) * TILE;
            let length = run.length * TILE;
            windows[to..][..length].copy_from_slice(&image_of[run.image * TILE..][..length]);
        }
    }
}

/// Adds up, for every number of the images, what its places in windows have: the reverse of [`cut`].
pub(super) fn add_up(window: Window, windows: &[f32], images: &mut [f32]) {
    images.fill(0.0);
    let (size, (rows, columns)) = (window.size(), window.positions());
    let positions = rows * columns;
    let tiles = images.chunks_exact_mut((window.image.numbers() * TILE).max(1));
    for (image_of, windows) in tiles.zip(windows.chunks_exact((positions * size * TILE).max(1))) {
        for run in runs(window) {
            let from = (run.position * size + run.window) * TILE;
            let length = run.length * TILE;
            let sums = &mut image_of[run.image * TILE..][..length];
            sums.iter_mut().zip(&windows[from..][..length]).for_each(|(sum, number)| *sum += *number);
        }
    }
}
