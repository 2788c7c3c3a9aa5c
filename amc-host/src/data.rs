//! Data sets from files: MNIST's, tables of text and of numpy.

mod gzip;
pub mod idx;
pub mod integers;
pub mod normalise;
pub mod prepare;
pub mod schema;
pub mod sources;
pub mod split;
pub mod table;
pub mod target;
pub mod window;
