//! What an instance remembers of limits: uses that it has leased and not yet used, how many it used
//! before, and which limits are used up.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::random;
use crate::store::window::Window;

/// An instance's memory of the window that is open and of the one before.
#[derive(Debug)]
pub struct Limits {
    /// What the instance takes as.
    id: String,
    minute: Mutex<Minute>,
}

/// All windows open and end together.
#[derive(Debug, Default)]
struct Minute {
    number: i64,
    tallies: HashMap<Subject, Tally>,
    /// Those of the window before.
    before: HashMap<Subject, Tally>,
}

type Subject = (&'static str, String);

/// What an instance knows of one limit in one window.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    limit: u32,
    /// How many of its calls were let through.
    used: u32,
    /// How many more it may let through without asking.
    left: u32,
    /// Where the fleet's count stood when it last asked.
    count: u32,
    /// It has asked for a block, and has no answer.
    leasing: bool,
    /// It has been told that there are none left.
    used_up: bool,
    /// It records the window's first refusal, or has.
    records: bool,
}

/// What a call is to do about a limit.
pub(super) enum Plan<'a> {
    /// It is let through; where the count stands then, as far as the instance knows.
    Admit(Window),
    /// The limit is known to be used up.
    Refuse,
    /// So many uses are to be asked for; where they are a block, this is kept until there is an answer.
    Take(u32, Option<Lease<'a>>),
}

/// That a block is being asked for. When it is dropped, whatever came of that, the next call may ask.
pub(super) struct Lease<'a> {
    limits: &'a Limits,
    window: &'a Window,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(tally) = self.limits.minute_of(self.window).tally(self.window) {
            tally.leasing = false;
        }
    }
}

/// An instance remembers so many subjects of a window. Those beyond are counted call by call, until one
/// of them is refused: that takes the place of a subject that has called once.
const MOST: usize = 4096;

/// A block is a twentieth of what the instance used, on the average of the window before and this
/// one: of all blocks of the fleet together, no more than a twentieth of the limit is ever left over.
const BLOCK: u32 = 2 * 20;

impl Default for Limits {
    fn default() -> Self {
        Self {
            id: random::uuid(),
            minute: Mutex::default(),
        }
    }
}

impl Limits {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What a call is to do, which counts as done. `leased`: whether uses may be taken in blocks.
    pub(super) fn plan<'a>(&'a self, window: &'a Window, leased: bool) -> Plan<'a> {
        let mut minute = self.minute_of(window);
        let before = minute.used_before(window);
        let Some(tally) = minute.tally(window) else {
            return Plan::Take(1, None);
        };
        if tally.left > 0 {
            tally.left -= 1;
            tally.used += 1;
            return Plan::Admit(window.clone().at(tally.let_through()));
        }
        if tally.used_up {
            return Plan::Refuse;
        }
        let block = before.saturating_add(tally.used) / BLOCK;
        if !leased || block < 2 || tally.leasing {
            return Plan::Take(1, None);
        }
        // Calls that come meanwhile take one each, or each of them would hold a block.
        tally.leasing = true;
        let limits = self;
        Plan::Take(block, Some(Lease { limits, window }))
    }

    /// Remembers uses that a call has taken, of which it uses one; gives the window as it then stands.
    pub(super) fn taken(&self, window: &Window, uses: u32, count: u32) -> Window {
        let mut minute = self.minute_of(window);
        let Some(tally) = minute.tally(window) else {
            return window.clone().at(count);
        };
        tally.limit = window.limit;
        tally.used += 1;
        tally.left += uses - 1;
        tally.count = tally.count.max(count);
        window.clone().at(tally.let_through())
    }

    /// The window, with the limit that it is known to have, if that is known to be used up.
    pub(super) fn find_used_up(&self, window: &Window) -> Option<Window> {
        let minute = self.minute_of(window);
        let tally = minute.known(window);
        let tally = tally.filter(|tally| tally.used_up && tally.left == 0)?;
        Some(Window {
            limit: tally.limit,
            ..window.clone()
        })
    }

    /// Remembers that a limit is used up.
    pub(super) fn used_up(&self, window: &Window) {
        let mut minute = self.minute_of(window);
        minute.make_room(window);
        if let Some(tally) = minute.tally(window) {
            tally.limit = window.limit;
            tally.used_up = true;
        }
    }

    /// Whether a call whose instance was the first to be refused is the one to record that.
    pub(super) fn is_to_record(&self, window: &Window) -> bool {
        let mut minute = self.minute_of(window);
        let tally = minute.tally(window);
        tally.is_none_or(|tally| !std::mem::replace(&mut tally.records, true))
    }

    /// Remembers that it could not be recorded.
    pub(super) fn has_not_recorded(&self, window: &Window) {
        if let Some(tally) = self.minute_of(window).tally(window) {
            tally.records = false;
        }
    }

    /// The memory, where no window is known that was over before this one opened, save the last.
    fn minute_of(&self, window: &Window) -> MutexGuard<'_, Minute> {
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        if window.number > minute.number {
            let ended = std::mem::take(&mut minute.tallies);
            let is_next = window.number == minute.number + 1;
            minute.before = if is_next { ended } else { HashMap::new() };
            minute.number = window.number;
        }
        minute
    }
}

impl Minute {
    /// What is known of a window, if anything is.
    fn known(&self, window: &Window) -> Option<&Tally> {
        let subject = (window.name, window.subject.clone());
        let is_open = window.number == self.number;
        self.tallies.get(&subject).filter(|_| is_open)
    }

    /// Forgets a subject that has called once, where there is no place for this window's: what is used
    /// up has to be remembered, or every further call would be a refused write on the one key.
    fn make_room(&mut self, window: &Window) {
        if self.tallies.len() < MOST || self.known(window).is_some() {
            return;
        }
        let mut tallies = self.tallies.iter();
        let spare = tallies.find(|(_, tally)| tally.is_spare());
        if let Some(subject) = spare.map(|(subject, _)| subject.clone()) {
            self.tallies.remove(&subject);
        }
    }

    /// What is known of a window; `None` where that has ended, or too many others are known.
    fn tally(&mut self, window: &Window) -> Option<&mut Tally> {
        let subject = (window.name, window.subject.clone());
        let is_known = self.tallies.contains_key(&subject);
        if window.number < self.number || (!is_known && self.tallies.len() >= MOST) {
            return None;
        }
        Some(self.tallies.entry(subject).or_default())
    }

    /// How many the instance used of the same limit in the window before. That of another limit says
    /// nothing of how much of this one may be left over.
    fn used_before(&self, window: &Window) -> u32 {
        let tally = self.before.get(&(window.name, window.subject.clone()));
        tally
            .filter(|tally| tally.limit == window.limit)
            .map_or(0, |tally| tally.used)
    }
}

impl Tally {
    /// Whether nothing is lost where it is forgotten.
    fn is_spare(&self) -> bool {
        !self.used_up && !self.leasing && self.left == 0 && self.used <= 1
    }

    /// How many of the fleet's calls were let through, as far as the instance knows.
    fn let_through(&self) -> u32 {
        self.count.saturating_sub(self.left)
    }
}
