//! A secret that shows no more than its ends.

use std::fmt;

use serde::Deserialize;
use zeroize::Zeroizing;

/// Somebody's secret: what it shows is its mask, and it leaves no trace in memory.
#[derive(Deserialize)]
#[serde(from = "String")]
pub struct Masked(Zeroizing<String>);

/// Characters that are shown at each end …
const SHOWN: usize = 4;
/// … of a secret that has so many.
const LEAST: usize = 16;

impl Masked {
    /// The first four and the last four characters, and a star for each between; of a secret under 16
    /// characters, only stars.
    #[must_use]
    pub fn masked(&self) -> String {
        let length = self.0.chars().count();
        let shows = |place: usize| place < SHOWN || place >= length - SHOWN;
        let characters = self.0.chars().enumerate();
        characters
            .map(|(place, character)| {
                if length >= LEAST && shows(place) {
                    character
                } else {
                    '*'
                }
            })
            .collect()
    }
}

impl From<String> for Masked {
    fn from(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }
}

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Masked")
    }
}
