//! What is kept of a run while it lasts, and who may go on from it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use amc_engine::CRC;
use amc_engine::data::{Data, Set};
use amc_engine::description::Description;
use amc_engine::ranks::Team;
use amc_engine::train::Checkpoint;
use anyhow::{Context, bail, ensure};
use clap::parser::ValueSource;
use clap::{CommandFactory, Parser};
use serde::{Deserialize, Serialize};

use super::TrainArgs;
use super::best::Lowest;
use super::together;
use crate::cli::{Cli, Command};
use crate::data::schema::Schema;
use crate::model::net_file;
use crate::output::{CHECKPOINT, MODEL, Point};
use crate::{note, whole_file};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Options that decide over nothing that a run comes to.
const FREE: [&str; 7] = ["resume", "threads", "isa", "json", "checkpoint_every", "force", "speculate"];

/// Checksums of what a run is of.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checksums {
    /// Of the samples to train on, of those to test with, and of what a table's columns are.
    data: (u32, Option<u32>, Option<u32>),
    net: u32,
}

impl Checksums {
    /// Each with what it is of.
    pub fn named(&self) -> [(&'static str, u32); 4] {
        let (train, test, schema) = self.data;
        [
            ("the data to train on", train),
            ("the data to test with", test.unwrap_or(0)),
            ("the table", schema.unwrap_or(0)),
            ("the net", self.net),
        ]
    }
}

/// Where a run stands, and what it was begun with.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    /// The program's.
    version: String,
    /// The command line, and the folder in which it was given.
    pub command: Vec<String>,
    folder: PathBuf,
    checksums: Checksums,
    /// How long it took.
    pub seconds: f64,
    pub curve: Vec<Point>,
    pub lowest: Lowest,
    pub place: Checkpoint,
}

/// Of a run on these data, of this net with the parameters that it takes over, if it does.
pub(super) fn checksums(
    data: &Data,
    schema: Option<&Schema>,
    (net, taken_over): (&Description, &[f32]),
) -> anyhow::Result<Checksums> {
    let schema = schema.map(postcard::to_stdvec).transpose()?;
    let test = data.test.as_ref().map(Set::checksum);
    let data = (data.train.checksum(), test, schema.map(|bytes| CRC.checksum(&bytes)));
    let mut digest = CRC.digest();
    digest.update(net_file::write(net)?.as_bytes());
    taken_over.iter().for_each(|x| digest.update(&x.to_le_bytes()));
    Ok(Checksums { data, net: digest.finalize() })
}

/// The options that a command line has and that decide over what a run comes to: their names and values.
pub(super) fn options(command: &[String]) -> anyhow::Result<Vec<(String, Vec<String>)>> {
    let cli = Cli::command();
    let matches = cli.clone().try_get_matches_from(command)?;
    let (Some(train), Some(matches)) = (cli.find_subcommand("train"), matches.subcommand_matches("train")) else {
        return Ok(Vec::new());
    };
    let given = |id: &&str| matches.value_source(id) == Some(ValueSource::CommandLine) && !FREE.contains(id);
    let named = |id: &str| {
        let values = matches.get_raw(id).into_iter().flatten().map(|value| value.to_string_lossy().into_owned());
        (format!("--{}", id.replace('_', "-")), values.collect())
    };
    Ok(train.get_arguments().map(|argument| argument.get_id().as_str()).filter(given).map(named).collect())
}

impl Kept {
    /// What the run in `dir` kept last: of ranks the first one reads it.
    pub fn read(dir: &Path, team: Option<&Arc<Team>>) -> anyhow::Result<Self> {
        let path = &dir.join(CHECKPOINT);
        let bytes = together::done(team, if together::writes(team) { Self::bytes(dir, path) } else { Ok(Vec::new()) })?;
        let bytes = team.map_or(Ok(bytes.clone()), |team| team.from_first(&bytes))?;
        Self::parse(path, &bytes)
    }

    fn bytes(dir: &Path, path: &Path) -> anyhow::Result<Vec<u8>> {
        ensure!(
            path.exists() || !dir.join(MODEL).exists(),
            "the run in {} has ended: there is nothing to go on with",
            dir.display()
        );
        ensure!(!path.exists() || path.is_file(), "{} is no file", path.display());
        fs::read(path)
            .with_context(|| format!("{} has no run to go on with: {CHECKPOINT} cannot be read", dir.display()))
    }

    fn parse(path: &Path, bytes: &[u8]) -> anyhow::Result<Self> {
        let damaged = || format!("{} is damaged", path.display());
        let (checksum, body) = bytes.split_first_chunk().with_context(damaged)?;
        ensure!(CRC.checksum(body) == u32::from_le_bytes(*checksum), damaged());
        let (version, _) = postcard::take_from_bytes::<String>(body).with_context(damaged)?;
        ensure!(version == VERSION, "{} was kept by amc {version}, and this is amc {VERSION}", path.display());
        postcard::from_bytes(body).with_context(damaged)
    }

    /// The options that the run was begun with. Those given now have to be of them.
    pub fn begun_with(&self, dir: &Path, command: &[String]) -> anyhow::Result<Box<TrainArgs>> {
        let begun = options(&self.command)?;
        for (name, values) in options(command)? {
            let then = begun.iter().find(|(other, _)| *other == name).map(|(_, values)| values.join(" "));
            let now = values.join(" ");
            if then.as_ref() != Some(&now) {
                let then = then.map_or_else(|| "without it".into(), |then| format!("with {then}"));
                let dir = dir.display();
                bail!("{name} {now}: the run in {dir} was begun {then}, and goes on as it was begun");
            }
        }
        match Cli::try_parse_from(&self.command)?.command {
            Some(Command::Train(args)) => Ok(args),
            _ => bail!("{} was not kept by amc train", dir.join(CHECKPOINT).display()),
        }
    }

    /// Goes to the folder in which the run was begun, if files that it names are not found from here; gives the way to `dir` from
    /// there.
    pub fn go_to_its_files(&self, begun: &TrainArgs, dir: &Path) -> anyhow::Result<PathBuf> {
        let is_found = |file: &PathBuf| file.is_absolute() || file.exists();
        if begun.files().iter().all(is_found) || !self.folder.is_dir() {
            return Ok(dir.to_path_buf());
        }
        let (dir, folder) = (std::path::absolute(dir)?, self.folder.display());
        std::env::set_current_dir(&self.folder).with_context(|| folder.to_string())?;
        note!("files are looked for in {folder}, where the run was begun");
        Ok(dir)
    }

    /// Checks that data and net are those that the run was begun with.
    pub fn check(&self, dir: &Path, name: &str, now: Checksums) -> anyhow::Result<()> {
        let then = self.checksums;
        let begun = format!("not what it was when the run in {} was begun", dir.display());
        ensure!(then.data == now.data, "{name} is {begun}");
        ensure!(then.net == now.net, "the net is {begun}");
        Ok(())
    }
}

/// Keeps where a run stands, now and then.
pub(super) struct Keeper {
    /// Of ranks only the first one's.
    path: Option<PathBuf>,
    every: Duration,
    command: Vec<String>,
    folder: PathBuf,
    checksums: Checksums,
    /// How long the run took before this.
    before: f64,
    begun: Instant,
    last: Instant,
}

impl Keeper {
    /// Of a run, by a command in a folder, of what has these checksums that took so many seconds before. Without a folder
    /// of its own nothing is kept.
    pub fn new(
        dir: Option<&Path>,
        every: Duration,
        (command, folder): (Vec<String>, PathBuf),
        checksums: Checksums,
        before: f64,
    ) -> Self {
        let (path, now) = (dir.map(|dir| dir.join(CHECKPOINT)), Instant::now());
        Self { path, every, command, folder, checksums, before, begun: now, last: now }
    }

    /// How long the run has taken.
    pub fn seconds(&self) -> f64 {
        self.before + self.begun.elapsed().as_secs_f64()
    }

    /// Whether it is time.
    pub fn is_due(&self) -> bool {
        self.last.elapsed() >= self.every
    }

    /// Keeps it.
    pub fn keep(&mut self, curve: &[Point], lowest: &Lowest, place: anyhow::Result<Checkpoint>) -> anyhow::Result<()> {
        self.last = Instant::now();
        let Some(path) = &self.path else { return Ok(()) };
        let kept = Kept {
            version: VERSION.to_string(),
            command: self.command.clone(),
            folder: self.folder.clone(),
            checksums: self.checksums,
            seconds: self.seconds(),
            curve: curve.to_vec(),
            lowest: lowest.clone(),
            place: place?,
        };
        let body = postcard::to_stdvec(&kept)?;
        let bytes = [&CRC.checksum(&body).to_le_bytes()[..], &body].concat();
        whole_file::write_again(path, &bytes).with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Keeps it, or says that it cannot.
    pub fn try_keep(&mut self, curve: &[Point], lowest: &Lowest, place: anyhow::Result<Checkpoint>) {
        if let Err(error) = self.keep(curve, lowest, place) {
            note!("warning: training goes on, but could not from here: {error:#}");
        }
    }

    /// The run has ended: there is nothing to go on with.
    pub fn forget(self) -> anyhow::Result<()> {
        let Some(path) = self.path else { return Ok(()) };
        for path in [whole_file::new_name(&path), path] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("{} cannot be removed", path.display()));
                }
                _ => (),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{FREE, options};
    use crate::cli::Cli;

    #[test]
    fn options_are_told_apart_by_what_they_decide() {
        let line = |options: &str| options.split(' ').map(String::from).collect::<Vec<_>>();
        let given = options(&line("amc train --data sine --in-place --sigma 0.1 --threads 1 --json")).expect("options");
        let names: Vec<_> = given.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["--data", "--sigma", "--in-place"]);
        assert_eq!(given[1].1, ["0.1"]);
        assert_eq!(options(&line("amc")).expect("no options"), []);
        let command = Cli::command();
        let train = command.find_subcommand("train").expect("a command");
        for free in FREE {
            assert!(train.get_arguments().any(|argument| argument.get_id() == free), "{free}");
        }
    }
}
