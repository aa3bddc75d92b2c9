//! Experiments for many machines: a plan as a folder, whose tasks any scheduler can hand out.
//!
//! ```text
//! experiments ──► cells that are not stored ──► groups by need ──► tasks of some minutes ──► a folder
//!                                                                                             │
//!     leaderboard ◄── merged store ◄── stores ◄── work, one task a process, anywhere ◄────────┘
//! ```
//!
//! There is no scheduler and no server here. A task is a number, a process computes it with what is in the folder, and
//! what it leaves are cells in a store under the names that they would have anywhere else. So tasks may be done in any
//! order, twice, or half: the store has each cell once, and the next one who is given the task goes on.

mod bundle;
mod folder;
mod mark;
mod planning;
mod scripts;
mod status;
mod work;

pub use folder::{Group, Header, PlanFolder};
pub use mark::{FailedCell, Mark, State};
pub use planning::PlanRequest;
pub use status::{GroupStatus, PlanStatus};
pub use work::Worked;
