//! What becomes of a ring, by the pure rules: no store.

use serde_json::{Value, json};
use shared::clock::Timestamp;
use shared::keys::published::KeysRow;
use shared::keys::rotation::{LARGEST_TEXT, revoke, rotate};
use shared::keys::secret::Version;
use shared::keys::{KeyError, SigningAlgorithm, generate, publication};

use super::{kid, kids, published};

const NOW: Timestamp = Timestamp::from_seconds(1_740_806_922);
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// A ring and its row, as time passes.
struct Turning {
    text: String,
    row: KeysRow,
}

impl Turning {
    fn new() -> Self {
        let (text, row) = generate::new_ring(SigningAlgorithm::Es256, NOW).expect("keys");
        let text = text.to_string();
        Self { text, row }
    }

    fn ring(&self) -> Value {
        serde_json::from_str::<Value>(&self.text).expect("JSON")["ring"].take()
    }

    fn version(&self) -> Version {
        Version {
            id: "current".to_owned(),
            text: self.text.clone().into(),
        }
    }

    fn next(&self, now: Timestamp) -> Result<String, KeyError> {
        let row = Some(&self.row);
        let text = rotate(&self.version(), SigningAlgorithm::Es256, row, now)?;
        Ok(text.to_string())
    }

    fn turn(&mut self, seconds: i64) {
        let now = NOW.plus_seconds(seconds);
        self.text = self.next(now).expect("a ring");
        let row = publication::publish(Some(self.row.clone()), &self.text, now);
        self.row = row.expect("a row");
    }
}

#[test]
fn the_next_key_signs_three_hours_after_it_was_published_and_not_a_second_sooner() {
    let mut turning = Turning::new();
    let first = turning.ring();
    turning.turn(3 * HOUR - 1);
    assert_eq!(turning.ring(), first, "nothing changes");
    turning.turn(3 * HOUR);
    let second = turning.ring();
    for sort in ["signing", "refresh"] {
        assert_eq!(kid(&second, sort, "active"), kid(&first, sort, "next"));
        assert_eq!(kid(&second, sort, "retired"), kid(&first, sort, "active"));
        assert!(!kids(&first, sort, "next").contains(&kid(&second, sort, "next")));
    }
    assert_eq!(second["version"], 2);
    let retired = &second["signing"][0];
    assert_eq!(retired["state"], "retired");
    assert!(retired.get("private").is_none(), "the private half is gone");
    // A MAC key is one half: it goes on checking.
    assert!(second["refresh"][0]["key"].is_string());
}

#[test]
fn what_counts_is_when_the_key_was_published_and_not_when_it_was_made() {
    let mut turning = Turning::new();
    let first = turning.ring();
    for key in &mut turning.row.keys {
        key.published_at = Some(NOW.plus_seconds(HOUR));
    }
    turning.turn(4 * HOUR - 1);
    let active = kid(&turning.ring(), "signing", "active");
    assert_eq!(active, kid(&first, "signing", "active"));
    turning.turn(4 * HOUR);
    let active = kid(&turning.ring(), "signing", "active");
    assert_eq!(active, kid(&first, "signing", "next"));
}

#[test]
fn a_key_that_the_row_does_not_have_is_not_promoted() {
    let mut turning = Turning::new();
    let first = turning.ring();
    turning.row.keys.truncate(1);
    turning.turn(5 * DAY);
    let active = kid(&turning.ring(), "signing", "active");
    assert_eq!(active, kid(&first, "signing", "active"));
    // It is published from then on.
    turning.turn(5 * DAY + 3 * HOUR);
    let active = kid(&turning.ring(), "signing", "active");
    assert_eq!(active, kid(&first, "signing", "next"));
}

#[test]
fn a_ring_without_a_next_key_gets_one_and_promotes_none() {
    let mut turning = Turning::new();
    let mut ring = turning.ring();
    for sort in ["signing", "refresh"] {
        ring[sort].as_array_mut().expect("a list").truncate(1);
    }
    turning.text = json!({ "ring": ring }).to_string();
    turning.turn(DAY);
    for sort in ["signing", "refresh"] {
        let (now, active) = (turning.ring(), kid(&ring, sort, "active"));
        assert_eq!(kid(&now, sort, "active"), active);
        assert!(kids(&now, sort, "retired").is_empty());
        kid(&now, sort, "next");
    }
}

#[test]
fn a_retired_signing_key_leaves_after_16_days_and_a_mac_key_after_91() {
    let mut turning = Turning::new();
    let first = turning.ring();
    let (signing, mac) = (
        kid(&first, "signing", "active"),
        kid(&first, "refresh", "active"),
    );
    turning.turn(DAY);
    let has = |turning: &Turning, sort: &str, kid: &String| {
        kids(&turning.ring(), sort, "retired").contains(kid)
    };
    turning.turn(17 * DAY - 1);
    assert!(has(&turning, "signing", &signing));
    assert!(published(&turning.row).contains(&&*signing));
    turning.turn(17 * DAY);
    assert!(!has(&turning, "signing", &signing));
    assert!(!published(&turning.row).contains(&&*signing));
    turning.turn(92 * DAY - 1);
    assert!(has(&turning, "refresh", &mac));
    turning.turn(92 * DAY);
    assert!(!has(&turning, "refresh", &mac));
}

#[test]
fn the_row_only_gains_keys_and_what_no_ring_has_leaves_by_age() {
    let mut turning = Turning::new();
    // A rotation that published its next key and never ended.
    let other = Turning::new();
    let now = NOW.plus_seconds(HOUR);
    let row = publication::publish(Some(turning.row.clone()), &other.text, now);
    turning.row = row.expect("a row");
    assert_eq!(turning.row.keys.len(), 4);
    let theirs = [
        kid(&other.ring(), "signing", "next"),
        kid(&other.ring(), "signing", "active"),
    ];
    turning.turn(HOUR + 16 * DAY - 1);
    assert_eq!(turning.row.keys.len(), 5);
    turning.turn(HOUR + 16 * DAY);
    assert!(!published(&turning.row).contains(&&*theirs[0]));
    // It had signed, as the row has it, and was dropped later: its age is counted from then on.
    assert!(published(&turning.row).contains(&&*theirs[1]));
    turning.turn(HOUR + 32 * DAY);
    assert!(!published(&turning.row).contains(&&*theirs[1]));
    let ring = turning.ring();
    for state in ["active", "next", "retired"] {
        for kid in kids(&ring, "signing", state) {
            assert!(published(&turning.row).contains(&&*kid), "{state}");
        }
    }
}

#[test]
fn an_older_ring_takes_nothing_back() {
    let mut turning = Turning::new();
    let older = turning.text.clone();
    turning.turn(DAY);
    let now = NOW.plus_seconds(DAY + 60);
    let row = publication::publish(Some(turning.row.clone()), &older, now).expect("a row");
    assert_eq!(row, turning.row);
}

#[test]
fn what_the_row_revokes_leaves_the_ring_whatever_its_state() {
    for (sort, state) in [
        ("signing", "active"),
        ("signing", "next"),
        ("signing", "retired"),
        ("refresh", "active"),
        ("refresh", "next"),
        ("refresh", "retired"),
    ] {
        let mut turning = Turning::new();
        turning.turn(DAY);
        let before = turning.ring();
        let gone = kid(&before, sort, state);
        turning.row.revoked.push(gone.clone());
        // The next key is a minute old.
        turning.turn(DAY + 60);
        let after = turning.ring();
        assert!(!after.to_string().contains(&gone), "{sort} {state}");
        let expected = if state == "active" { "next" } else { "active" };
        let active = kid(&after, sort, "active");
        assert_eq!(active, kid(&before, sort, expected), "{sort} {state}");
        kid(&after, sort, "next");
    }
}

/// A ring with so many retired MAC keys: rotated every hour or so, since they stay for 91 days.
fn full(turning: &mut Turning, count: usize) {
    let mut ring = turning.ring();
    let key = ring["refresh"][1].clone();
    let there = ring["refresh"].as_array().map_or(0, Vec::len);
    let many = (there..there + count).map(|number| {
        let mut key = key.clone();
        key["kid"] = json!(format!("{number:036}"));
        key["state"] = json!("retired");
        key["retired_at"] = json!(NOW.millis());
        key
    });
    ring["refresh"].as_array_mut().expect("a list").extend(many);
    turning.text = json!({ "ring": ring }).to_string();
}

#[test]
fn a_secret_above_48_kib_is_refused() {
    let mut turning = Turning::new();
    full(&mut turning, 400);
    assert!(turning.text.len() > LARGEST_TEXT);
    let refused = KeyError::Refused("the ring is above 48 KiB");
    assert_eq!(turning.next(NOW.plus_seconds(DAY)), Err(refused));
    // Once they have left by age it goes on.
    turning.next(NOW.plus_seconds(91 * DAY)).expect("a ring");
}

#[test]
fn a_key_is_revoked_in_a_ring_that_is_too_large_to_be_rotated() {
    let mut turning = Turning::new();
    full(&mut turning, 1);
    let one = turning.text.len();
    full(&mut turning, 1);
    let key = turning.text.len() - one;
    let left = LARGEST_TEXT + 2 * key - turning.text.len();
    full(&mut turning, left / key);
    assert!(turning.text.len() > LARGEST_TEXT);
    let gone = kid(&turning.ring(), "signing", "active");
    turning.row.revoked.push(gone.clone());
    let algorithm = SigningAlgorithm::Es256;
    let text = revoke(&turning.version(), algorithm, &turning.row, NOW);
    let text = text.expect("a ring").expect("another one");
    assert!(text.len() > LARGEST_TEXT);
    turning.text = text.to_string();
    assert!(!turning.ring().to_string().contains(&gone));
}

#[test]
fn nothing_is_built_on_a_ring_that_is_not_fit_for_use() {
    let mut turning = Turning::new();
    let mut ring = turning.ring();
    ring["signing"][1]["state"] = json!("active");
    turning.text = json!({ "ring": ring }).to_string();
    assert!(matches!(
        turning.next(NOW.plus_seconds(DAY)),
        Err(KeyError::Refused(_))
    ));
}
