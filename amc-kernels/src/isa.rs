//! Instruction sets. A process computes with one: the widest that its machine has, or a narrower one that it was limited to.

use std::fmt;
use std::sync::OnceLock;

use pulp::Arch;

/// An instruction set that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// What every machine of this kind has: on x86-64, SSE2. It has no [fused](crate::Arithmetic::Fused) arithmetic.
    Scalar,
    /// NEON of 64-bit ARM: 4 numbers in a register.
    Neon,
    /// AVX2 with FMA: 8 numbers in a register.
    Avx2,
    /// AVX-512 (F, BW, CD, DQ and VL): 16 numbers in a register.
    Avx512,
}

/// Why a process cannot be limited to an instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IsaError {
    /// The machine lacks it.
    #[error("this machine has no {0}: use {list}", list = Isa::list())]
    Lacking(Isa),
    /// The process has begun to compute.
    #[error("this process computes with {used} already: it cannot change to {wanted}")]
    Late {
        /// What it computes with.
        used: Isa,
        /// What it was to be limited to.
        wanted: Isa,
    },
}

/// What this process computes with, once it is decided.
static USED: OnceLock<(Isa, Arch)> = OnceLock::new();

impl Isa {
    /// All of them, the narrowest first.
    pub const ALL: [Self; 4] = [Self::Scalar, Self::Neon, Self::Avx2, Self::Avx512];

    /// As options name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Neon => "neon",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// Those that this machine has, the narrowest first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|isa| isa.arch().is_some())
    }

    /// What this process computes with: from now on, that stays.
    pub fn used() -> Self {
        used().0
    }

    /// Has this process compute with this instruction set, which changes the time that it takes and no bit of what it comes
    /// to. Call it before anything is computed.
    ///
    /// # Errors
    /// Where the machine lacks it, or the process computes with another already.
    pub fn limit(self) -> Result<(), IsaError> {
        let arch = self.arch().ok_or(IsaError::Lacking(self))?;
        let (used, _) = *USED.get_or_init(|| (self, arch));
        if used == self { Ok(()) } else { Err(IsaError::Late { used, wanted: self }) }
    }

    /// The proof that this machine has it.
    pub(crate) fn arch(self) -> Option<Arch> {
        match self {
            Self::Scalar => Some(Arch::Scalar),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => pulp::aarch64::Neon::try_new().map(Arch::Neon),
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Self::Avx2 => pulp::x86::V3::try_new().map(Arch::V3),
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Self::Avx512 => pulp::x86::V4::try_new().map(Arch::V4),
            _ => None,
        }
    }

    fn list() -> String {
        Self::available().map(Self::name).collect::<Vec<_>>().join(" or ")
    }
}

/// What this process computes with, and the proof that the machine has it.
pub(crate) fn used() -> (Isa, Arch) {
    let widest = || Isa::ALL.into_iter().rev().find_map(|isa| Some((isa, isa.arch()?)));
    *USED.get_or_init(|| widest().unwrap_or((Isa::Scalar, Arch::Scalar)))
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
