//! How much is measured: a full run, a quick one, or one that only shows that everything still works.

use std::time::Duration;

use clap::ValueEnum;

/// A run's size by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Size {
    /// Everything, in about ten minutes on two cores.
    #[default]
    Full,
    /// Fewer rounds and users, in about two minutes.
    Quick,
    /// A few requests of each kind, in seconds: figures of no worth.
    Smoke,
}

/// A part of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Part {
    /// Interleaved bcrypt.
    Lanes,
    /// Calls against the ceiling.
    Calls,
    /// Turns that one organization uses up.
    Turns,
    /// Set-ups and backup codes.
    Hashing,
    /// Callers beside others who take much.
    Fairness,
    /// Secrets that are sealed anew while the server serves.
    Reseal,
    /// Databases of several sizes.
    Growth,
    /// Memory, idle connections, the start.
    Standing,
    /// Calls on PostgreSQL against pgbench.
    Postgres,
}

/// How much is measured.
#[derive(Clone, Debug)]
pub struct Extent {
    /// Which parts.
    pub parts: Vec<Part>,
    /// How often each figure is taken; the median counts.
    pub rounds: usize,
    /// How long one figure is taken.
    pub round: Duration,
    /// Callers at a time, where it is asked how much the server can do.
    pub connections: usize,
    /// The cost of bcrypt.
    pub cost: u32,
    /// Enrolled users of the database that the calls are measured with.
    pub users: u64,
    /// Verifications with a right code that are made ready for a round. Each user has one code at first and one more each
    /// 30 seconds, which has to be enough for all rounds.
    pub requests: usize,
    /// Sizes of databases for the question whether anything grows with them.
    pub growth: Vec<u64>,
    /// How often these are compared after a first time that finds everything cold; only that one counts with 0. Each time waits
    /// up to half a minute, until everybody shows a new code.
    pub growth_rounds: usize,
    /// Users of the rows about hashing, with ten codes each to send in all rounds. What the lanes are busy with at the end of a
    /// round is not counted, so a round needs many times what they hold.
    pub hashing_users: u64,
    /// Connections that are open and idle.
    pub idle_connections: usize,
}

impl Extent {
    /// Whether `part` is measured.
    pub(crate) fn has(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    /// What a run of this size measures.
    pub fn of(size: Size) -> Self {
        let parts = Part::value_variants().to_vec();
        match size {
            Size::Full => Self {
                parts,
                rounds: 7,
                round: Duration::from_millis(1_500),
                connections: 512,
                cost: 10,
                users: 40_000,
                requests: 12_000,
                growth: vec![1_000, 10_000, 100_000, 1_000_000],
                growth_rounds: 3,
                hashing_users: 320,
                idle_connections: 10_000,
            },
            Size::Quick => Self {
                parts,
                rounds: 3,
                round: Duration::from_millis(600),
                connections: 256,
                cost: 10,
                users: 3_600,
                requests: 1_200,
                growth: vec![1_000, 50_000],
                growth_rounds: 1,
                hashing_users: 48,
                idle_connections: 1_000,
            },
            Size::Smoke => Self {
                parts,
                rounds: 1,
                round: Duration::from_millis(50),
                connections: 8,
                cost: 4,
                users: 60,
                requests: 10,
                growth: vec![20, 40],
                growth_rounds: 0,
                hashing_users: 4,
                idle_connections: 20,
            },
        }
    }
}
