//! MNIST and Fashion-MNIST: where their files are published, and how they are known.

use std::path::{Path, PathBuf};

use md5::{Digest, Md5};

/// A data set on the web.
#[derive(Debug)]
pub struct Source {
    /// Its name on the command line.
    pub name: &'static str,
    /// Where its files are.
    pub url: &'static str,
    /// Its files.
    pub files: [SourceFile; 4],
}

/// A file on the web, gzipped.
#[derive(Debug)]
pub struct SourceFile {
    /// Its name without .gz.
    pub name: &'static str,
    /// The MD5 of the gzipped file, which its publishers give.
    pub md5: &'static str,
    /// The MD5 of the file unpacked.
    pub unpacked_md5: &'static str,
}

const fn file(name: &'static str, md5: &'static str, unpacked_md5: &'static str) -> SourceFile {
    SourceFile { name, md5, unpacked_md5 }
}

/// MNIST: Y. LeCun, C. Cortes, C. Burges; CC BY-SA 3.0.
pub const MNIST: Source = Source {
    name: "mnist",
    url: "https://ossci-datasets.s3.amazonaws.com/mnist/",
    files: [
        file("train-images-idx3-ubyte", "f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb"),
        file("train-labels-idx1-ubyte", "d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624"),
        file("t10k-images-idx3-ubyte", "9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea"),
        file("t10k-labels-idx1-ubyte", "ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637"),
    ],
};

/// Fashion-MNIST: H. Xiao, K. Rasul, R. Vollgraf; MIT.
pub const FASHION_MNIST: Source = Source {
    name: "fashion-mnist",
    url: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    files: [
        file("train-images-idx3-ubyte", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
        file("train-labels-idx1-ubyte", "25c81989df183df01b3e8a0aad5dffbe", "9018921c3c673c538a1fc5bad174d6f9"),
        file("t10k-images-idx3-ubyte", "bef4ecab320f06d8554ea6380940ec79", "8181f5470baa50b63fa0f6fddb340f0a"),
        file("t10k-labels-idx1-ubyte", "bb300cfdad3c16e7a12a480ee83cd310", "15d484375f8d13e6eb1aabb0c3f46965"),
    ],
};

/// All of them.
pub const SOURCES: [&Source; 2] = [&MNIST, &FASHION_MNIST];

impl Source {
    /// Whether a file of this name (without .gz) and content, unpacked, is one of its files.
    pub fn holds(&self, name: &str, content: Md5) -> bool {
        let digest = hex(&content.finalize());
        self.files.iter().any(|file| file.name == name && file.unpacked_md5 == digest)
    }

    /// Where its files are unless it is said: a folder for each data set, since their files have the same names.
    pub fn default_dir(&self) -> PathBuf {
        Path::new("data").join(self.name)
    }
}

/// A hash as it is written.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
