//! Instructions for four numbers at once.

/// An operation of one or two operands on four registers each.
macro_rules! four {
    ($operation:literal $([$to:literal $a:literal $($b:literal)?])*) => {
        concat!($($operation, " s", $to, ", s", $a, $(", s", $b,)? "\n"),*)
    };
}
pub(crate) use four;
