//! The losses of integer nets.

use super::error::Error;
use super::kernel::{Element, Softmax};
use super::net::Net;
use super::samples::{Samples, Targets};
use super::tables::{EXP2, LOG2};
use crate::activation::Activation;

/// A logit's fraction bits, in doublings.
const LOGIT: u32 = 8;

/// Those of a cross-entropy, in bits.
const LOSS: u32 = 12;

/// The most by which the logit of a sample's class may fall behind the largest: more is as much.
const MOST_BEHIND: u32 = u16::MAX as u32;

/// Outputs of a softmax, at most: the sum of as many powers of up to 2¹⁵ fits 32 bits.
const MOST_OUTPUTS: usize = (1_u32 << 16) as usize;

/// An integer net and its loss, which its output decides.
///
/// Behind a softmax it is the cross-entropy of the samples' classes, in bits of 2¹² units: −log₂ p, where p is 2 to the logit over
/// the sum of that of all outputs. Of a linear output it is the square of its difference from the target, with the output
/// cut off at 16 bits; of more outputs their sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Objective<'a> {
    net: Net<'a>,
}

/// What a sample's outputs should be.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    Class(usize),
    Values(&'a [i16]),
}

impl<'a> Objective<'a> {
    /// The loss of a net.
    ///
    /// # Errors
    /// Where the net ends neither with a softmax nor with a linear layer, or with a softmax of more than 65,536 outputs.
    pub const fn new(net: Net<'a>) -> Result<Self, Error> {
        match net.shape().output() {
            Activation::Softmax if net.shape().outputs() > MOST_OUTPUTS => Err(Error::Outputs(net.shape().outputs())),
            Activation::Softmax | Activation::Linear => Ok(Self { net }),
            _ => Err(Error::Output),
        }
    }

    /// The net.
    pub const fn net(&self) -> Net<'a> {
        self.net
    }

    /// What the sums of samples are divided by to be the loss in bits, or in squares of the targets' units.
    pub const fn unit(&self) -> u32 {
        match self.net.shape().output() {
            Activation::Softmax => 1 << LOSS,
            _ => 1,
        }
    }

    /// Checks that samples fit the net and its loss.
    pub(super) fn check<E: Element, const T: usize>(&self, samples: &Samples<'_, E, T>) -> Result<(), Error> {
        let (net, features) = (self.net, samples.features);
        let (width, needed) = (features.width(), net.shape().inputs());
        if features.is_empty() {
            return Err(Error::NoSamples);
        }
        if width != needed {
            return Err(Error::Length { what: "features of a sample", needed, given: width });
        }
        let (needed, given) =
            (features.len().div_ceil(T).saturating_mul(T).saturating_mul(width), features.values().len());
        if given < needed {
            return Err(Error::Length { what: "features", needed, given });
        }
        let most = net.most_input();
        if E::MOST > most {
            let numbers = features.values().iter().take(needed).map(|value| value.number());
            if let Some((at, value)) = numbers.enumerate().find(|(_, value)| value.abs() > most) {
                let (tile, within) = (at / (width * T), at % (width * T));
                return Err(Error::Input { sample: tile * T + within % T, feature: within / T, value, most });
            }
        }
        self.check_targets(samples.targets, features.len())
    }

    /// Checks that the targets of so many samples are those of this loss.
    fn check_targets(&self, targets: Targets<'_>, samples: usize) -> Result<(), Error> {
        let outputs = self.net.shape().outputs();
        let (needed, given) = match (targets, self.net.shape().output()) {
            (Targets::Classes(classes), Activation::Softmax) => {
                if let Some(sample) = classes.iter().position(|class| usize::from(*class) >= outputs) {
                    let class = classes.get(sample).copied().unwrap_or(0);
                    return Err(Error::Class { sample, class, outputs });
                }
                (samples, classes.len())
            }
            (Targets::Values(values), Activation::Linear) => (samples.saturating_mul(outputs), values.len()),
            _ => return Err(Error::Targets),
        };
        if needed == given { Ok(()) } else { Err(Error::Length { what: "targets", needed, given }) }
    }

    /// The target of a sample.
    #[inline(always)]
    pub(super) fn target<'t>(&self, targets: Targets<'t>, sample: usize) -> Target<'t> {
        match targets {
            Targets::Classes(classes) => Target::Class(classes.get(sample).copied().unwrap_or(0).into()),
            Targets::Values(values) => {
                let outputs = self.net.shape().outputs();
                let values = values.get(sample * outputs..).and_then(|values| values.get(..outputs));
                Target::Values(values.unwrap_or_default())
            }
        }
    }
}

/// The outputs of a tile: the sums of the last layer, `[output][T]`, and the power of 2 that divides them.
#[derive(Clone, Copy)]
pub(super) struct Outputs<'s, const T: usize> {
    pub sums: &'s [[i32; T]],
    pub shift: u8,
}

impl<'s, const T: usize> Outputs<'s, T> {
    /// Those of a net, which are the first of these sums.
    #[inline(always)]
    pub fn of_net(net: Net<'_>, sums: &'s [i32]) -> Self {
        let (outputs, shift) = (net.shape().outputs() * T, net.scales().last().map_or(0, |scale| scale.shift));
        Self { sums: sums.get(..outputs).unwrap_or_default().as_chunks().0, shift }
    }

    /// The sums of a sample.
    #[inline(always)]
    fn of(&self, lane: usize) -> impl Iterator<Item = i32> + Clone {
        self.sums.iter().map(move |sums| sums[lane])
    }

    /// The loss of the sample in a lane.
    #[inline(always)]
    pub fn loss(&self, lane: usize, target: Target<'_>) -> u32 {
        match target {
            Target::Class(class) => self.cross_entropy(lane, class),
            Target::Values(values) => self.squared_error(lane, values),
        }
    }

    /// Whether it is that of outputs that were cut off.
    pub fn is_clipped(&self, lane: usize, target: Target<'_>) -> bool {
        match target {
            Target::Class(class) => {
                let (largest, own) = (self.of(lane).max().unwrap_or(0), self.of(lane).nth(class).unwrap_or(0));
                self.behind(largest, own) > MOST_BEHIND
            }
            Target::Values(_) => self.of(lane).any(|sum| i16::try_from(sum >> self.shift).is_err()),
        }
    }

    /// The first of the largest.
    pub fn largest(&self, lane: usize) -> usize {
        let outputs = self.of(lane).map(|sum| sum >> self.shift).enumerate();
        outputs.fold((0, i32::MIN), |best, (at, output)| if output > best.1 { (at, output) } else { best }).0
    }

    /// By how much a logit is below the largest.
    #[inline(always)]
    fn behind(&self, largest: i32, sum: i32) -> u32 {
        (largest.wrapping_sub(sum) as u32) >> self.shift
    }

    /// What a logit adds to the sum of powers.
    #[inline(always)]
    fn power(behind: u32) -> u32 {
        let halvings = behind >> LOGIT;
        if halvings < u16::BITS { u32::from(EXP2[(behind & 255) as usize]) >> halvings } else { 0 }
    }

    #[inline(always)]
    fn cross_entropy(&self, lane: usize, class: usize) -> u32 {
        let mut largest = i32::MIN;
        for sums in self.sums {
            largest = largest.max(sums[lane]);
        }
        let mut sum = 0_u32;
        for sums in self.sums {
            let behind = self.behind(largest, sums[lane]);
            let halvings = behind >> LOGIT;
            // As an addend that may be 0 it would take a Cortex-M0 6 instructions more.
            if halvings < u16::BITS {
                sum += u32::from(EXP2[(behind & 255) as usize]) >> halvings;
            }
        }
        of_powers(self.own(lane, largest, class), sum)
    }

    /// By how much a sample's class is behind the largest, as far as it counts.
    #[inline(always)]
    fn own(&self, lane: usize, largest: i32, class: usize) -> u32 {
        self.sums.get(class).map_or(0, |sums| self.behind(largest, sums[lane])).min(MOST_BEHIND)
    }

    /// The sum of the cross-entropies of samples of these classes, which have the first lanes, of which is `kept` what it takes where an
    /// output changes. Of one sample it would take a core 4 to 9% more instructions a move than [`loss`](Self::loss), which passes over
    /// what is far behind.
    #[inline(always)]
    pub fn cross_entropies(&self, classes: &[u8], kept: Option<&mut Softmax<T>>) -> u64 {
        let mut largest = [i32::MIN; T];
        for sums in self.sums {
            for (largest, sum) in largest.iter_mut().zip(sums) {
                *largest = (*largest).max(*sum);
            }
        }
        let mut total = [0_u32; T];
        for sums in self.sums {
            let (mut powers, mut behind) = ([0_u32; T], [0_u32; T]);
            for ((behind, largest), sum) in behind.iter_mut().zip(&largest).zip(sums) {
                *behind = self.behind(*largest, *sum);
            }
            // In a loop of its own, as no register looks up a table.
            for (power, behind) in powers.iter_mut().zip(&behind) {
                *power = u32::from(EXP2[(behind & 255) as usize]);
            }
            // Of 2¹⁵ or less nothing is left after 16 halvings.
            for ((total, power), behind) in total.iter_mut().zip(&powers).zip(&behind) {
                *total += power >> (behind >> LOGIT).min(31);
            }
        }
        let mut own = [0_u32; T];
        for (lane, (own, class)) in own.iter_mut().zip(classes).enumerate() {
            *own = self.own(lane, largest[lane], usize::from(*class));
        }
        if let Some(kept) = kept {
            *kept = [largest, total.map(|total| total as i32), own.map(|own| own as i32)];
        }
        own.iter().zip(&total).take(classes.len()).map(|(own, total)| u64::from(of_powers(*own, *total))).sum()
    }

    /// The same where one output is another, from what is kept of the softmax before: without the samples that it lists in `anew`, whose
    /// largest sum may be another.
    #[inline(always)]
    pub fn changed_cross_entropies(
        &self,
        (number, new): (usize, &[i32; T]),
        classes: &[u8],
        [largest, powers, own]: &Softmax<T>,
        anew: &mut heapless::Vec<u16, T>,
    ) -> u64 {
        let (mut loss, old) = (0, self.sums.get(number).unwrap_or(new));
        for (lane, class) in classes.iter().enumerate().take(T) {
            let (largest, old, new) = (largest[lane], old[lane], new[lane]);
            if new > largest || old == largest {
                // There is room for each.
                let _ = anew.push(lane as u16);
                continue;
            }
            let (was, is) = (self.behind(largest, old), self.behind(largest, new));
            let own = if usize::from(*class) == number { is.min(MOST_BEHIND) } else { own[lane] as u32 };
            let powers = (powers[lane] as u32).wrapping_sub(Self::power(was)).wrapping_add(Self::power(is));
            loss += u64::from(of_powers(own, powers));
        }
        loss
    }

    /// The sum of the squared errors of samples that should have these values, `[sample][output]`, which have the first lanes.
    #[inline(always)]
    pub fn squared_errors(&self, values: &[i16]) -> u64 {
        let mut errors = [0_u32; T];
        for (output, sums) in self.sums.iter().enumerate() {
            let wanted = values.iter().skip(output).step_by(self.sums.len().max(1));
            for ((error, sum), value) in errors.iter_mut().zip(sums).zip(wanted) {
                *error = error.saturating_add(self.square(*sum, *value));
            }
        }
        errors.iter().map(|error| u64::from(*error)).sum()
    }

    #[inline(always)]
    fn squared_error(&self, lane: usize, values: &[i16]) -> u32 {
        let mut sum = 0_u32;
        for (sums, value) in self.sums.iter().zip(values) {
            sum = sum.saturating_add(self.square(sums[lane], *value));
        }
        sum
    }

    /// The square of an output's difference from what it should be.
    #[inline(always)]
    fn square(&self, sum: i32, value: i16) -> u32 {
        let output = (sum >> self.shift).clamp(i16::MIN.into(), i16::MAX.into());
        let difference = output.abs_diff(i32::from(value));
        difference * difference
    }
}

/// The cross-entropy of a sample whose class is behind the largest by so much, and whose powers come to so much.
#[inline(always)]
fn of_powers(own: u32, powers: u32) -> u32 {
    // 2¹⁵ stands for 1.
    (own << (LOSS - LOGIT)) + log2(powers) - (15 << LOSS)
}

/// 2¹² · log₂ of a number above 2⁸, between the table's entries on a straight line.
#[inline(always)]
fn log2(x: u32) -> u32 {
    let exponent = x.max(1).ilog2();
    let places = exponent.saturating_sub(LOGIT);
    let entry = ((x >> places) & 255) as usize;
    let (below, above) = (u32::from(LOG2[entry]), u32::from(LOG2[entry + 1]));
    let rest = x & ((1 << places) - 1);
    (exponent << LOSS) + below + (((above - below) * rest) >> places)
}
