//! Ranks that look ahead come to the bits of one machine, in as many rounds as they should.

use std::ops::ControlFlow;
use std::sync::Arc;

use amc_engine::data::{Data, digits};
use amc_engine::ranks::{Team, Together};
use amc_engine::train::{Batching, By, COMPARED, Checkpoint, Method, Settings, train_by, train_on};

use crate::ranks::{End, alone, blind, end, net, settings, ways};

/// What one of so many ranks comes to from where others stood, and where it stands after `kept` moves.
type Ends = Vec<anyhow::Result<(End, Option<Checkpoint>)>>;

fn on_ranks(teams: Vec<Arc<Team>>, settings: &Settings, from: Option<&Checkpoint>, kept: u64) -> Ends {
    let data = digits();
    let one = |team: Arc<Team>| {
        let mut stood = None;
        let trained = train_by(&net(), &data, settings, (from, By::Ahead(&team)), |moves, _| {
            if moves.progress(None).counters.steps == kept {
                stood = Some(moves.checkpoint()?);
            }
            Ok(ControlFlow::Continue(()))
        });
        drop(team);
        Ok((end(&trained?), stood))
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = teams.into_iter().map(|team| scope.spawn(|| one(team))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

/// The ways to train that ranks look ahead on. Some end a round by a reset.
fn ways_ahead() -> Vec<(&'static str, Settings)> {
    let mut ways = ways();
    ways.retain(|(_, way)| way.method == Method::Amc && !matches!(way.batching, Batching::Mini(_)));
    for (_, settings) in &mut ways {
        settings.options.n_reset = 5;
    }
    ways
}

#[test]
fn ranks_that_look_ahead_come_to_the_bits_of_one_machine() {
    for (name, settings) in ways_ahead() {
        let wanted = alone(&settings);
        for ranks in [2, 3, 7] {
            for (rank, end) in on_ranks(Together::teams(ranks), &settings, None, 0).into_iter().enumerate() {
                let (end, _) = end.unwrap_or_else(|error| panic!("{name}: rank {rank} of {ranks}: {error:#}"));
                assert_eq!(end.1, wanted.1, "{name}: rank {rank} of {ranks}");
                assert!(end == wanted, "{name}: rank {rank} of {ranks}");
            }
        }
    }
}

#[test]
fn they_go_on_from_any_move_of_others_and_others_from_any_of_theirs() {
    for (name, settings) in ways_ahead() {
        let wanted = alone(&settings);
        // Moves in the midst of rounds are among them.
        for kept in [101, settings.steps - 100] {
            let first = on_ranks(Together::teams(3), &settings, None, kept).remove(0).expect("trained");
            let stood = first.1.expect("kept");
            let ends = on_ranks(Together::teams(2), &settings, Some(&stood), 0);
            ends.into_iter().for_each(|end| assert!(end.expect("trained").0 == wanted, "{name}, on two"));
            let alone = train_on(&net(), &digits(), &settings, Some(&stood), |_, _| Ok(ControlFlow::Continue(())));
            assert!(end(&alone.expect("trained")) == wanted, "{name}, alone");
        }
    }
}

#[test]
fn a_round_ends_with_the_first_move_that_is_accepted_or_with_as_many_as_there_are_ranks() {
    let settings = Settings { steps: 1000, ..settings() };
    let (mut accepted, mut before) = (Vec::new(), 0);
    train_on(&net(), &digits(), &settings, None, |moves, _| {
        let now = moves.progress(None).counters.accepted;
        accepted.push(now > before);
        before = now;
        Ok(ControlFlow::Continue(()))
    })
    .expect("trained");
    for ranks in [1, 2, 5] {
        let mut rounds = 0;
        let mut rest = &accepted[..];
        while !rest.is_empty() {
            rounds += 1;
            let most = &rest[..ranks.min(rest.len())];
            rest = &rest[most.iter().position(|is_accepted| *is_accepted).map_or(most.len(), |first| first + 1)..];
        }
        let teams = Together::teams(ranks);
        let seen = teams.clone();
        on_ranks(teams, &settings, None, 0).into_iter().for_each(|end| _ = end.expect("trained"));
        // The comparison before the first move.
        let comparisons = 1 + settings.steps / COMPARED;
        assert_eq!(seen[0].traffic().gathers, rounds + comparisons, "on {ranks} ranks");
        assert_eq!(seen[0].traffic().sums, 0, "nothing is summed");
    }
}

/// What so many ranks end with, of which each has settings of its own and ends itself after some move, if it does.
fn ends(teams: Vec<Arc<Team>>, of: impl Fn(usize) -> (Settings, Option<u64>) + Sync) -> Vec<String> {
    let data = digits();
    let one = |team: Arc<Team>| {
        let (settings, last) = of(team.rank());
        let end = train_by(&net(), &data, &settings, (None, By::Ahead(&team)), |moves, _| {
            anyhow::ensure!(last != Some(moves.progress(None).counters.steps), "killed");
            Ok(ControlFlow::Continue(()))
        });
        drop(team);
        format!("{:#}", end.expect_err("ended"))
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = teams.into_iter().map(|team| scope.spawn(|| one(team))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

#[test]
fn they_end_when_one_has_gone_or_is_elsewhere() {
    let gone = "rank 2 has gone: the others end, too";
    let killed = ends(Together::teams(3), |rank| (settings(), (rank == 2).then_some(123)));
    assert_eq!(killed, [gone, gone, "killed"]);
    let teams = Together::ranks(3).into_iter().map(blind).collect();
    let strayed = ends(teams, |rank| (Settings { seed: if rank == 1 { 2 } else { 1 }, ..settings() }, None));
    assert!(
        strayed.iter().all(|end| end.contains("is not at the same place") || end.contains("has gone")),
        "{strayed:?}"
    );
    assert!(strayed.iter().any(|end| end.contains("is not at the same place")), "{strayed:?}");
}

#[test]
fn what_ranks_cannot_look_ahead_on_is_refused() {
    let team = Together::teams(1).remove(0);
    let checked = |data: Data, settings: Settings| By::Ahead(&team).check(&net(), &data, &settings);
    for (data, settings, why) in [
        (digits(), Settings { method: Method::Mixed, ..settings() }, "mixed moves"),
        (digits(), Settings { batching: Batching::Mini(100), ..settings() }, "one batch"),
        (digits().part(&team), settings(), "are shared"),
    ] {
        let error = checked(data, settings).expect_err("refused").to_string();
        assert!(error.contains(why), "{error}");
    }
    assert!(checked(digits(), settings()).is_ok());
}
