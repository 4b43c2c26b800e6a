//! What an instance remembers of its keys, and for how long.

use std::cell::Cell;

use shared::clock::Timestamp;
use shared::keys::KeyError;
use shared::keys::cache::Cache;
use shared::keys::published::PublicKeys;

use super::{NOW, keys};

/// A source that counts how often it is asked and answers with the count, unless it is broken.
#[derive(Default)]
struct Source {
    asked: Cell<u32>,
    error: Cell<Option<KeyError>>,
}

impl Source {
    async fn get(&self, cache: &Cache<u32>, now: Timestamp) -> Result<u32, KeyError> {
        cache
            .get(now, async || self.load().await)
            .await
            .map(|value| *value)
    }

    async fn reload(&self, cache: &Cache<u32>, now: Timestamp) -> Result<u32, KeyError> {
        cache
            .reload(now, async || self.load().await)
            .await
            .map(|value| *value)
    }

    async fn load(&self) -> Result<u32, KeyError> {
        self.asked.set(self.asked.get() + 1);
        let error = self.error.take();
        self.error.set(error.clone());
        // A real source does not answer at once.
        tokio::task::yield_now().await;
        error.map_or(Ok(self.asked.get()), Err)
    }
}

fn just_before(seconds: i64) -> Timestamp {
    Timestamp::from_millis(NOW.plus_seconds(seconds).millis() - 1)
}

#[tokio::test]
async fn a_value_is_used_for_60_seconds_without_asking_again() {
    let (cache, source) = (Cache::default(), Source::default());
    assert_eq!(source.get(&cache, NOW).await, Ok(1));
    assert_eq!(source.get(&cache, just_before(60)).await, Ok(1));
    assert_eq!(source.asked.get(), 1);
    assert_eq!(source.get(&cache, NOW.plus_seconds(60)).await, Ok(2));
    // And again sixty seconds from there.
    assert_eq!(source.get(&cache, just_before(120)).await, Ok(2));
    assert_eq!(source.get(&cache, NOW.plus_seconds(120)).await, Ok(3));
}

#[tokio::test]
async fn an_unknown_kid_has_the_source_asked_at_most_every_30_seconds() {
    let (cache, source) = (Cache::default(), Source::default());
    assert_eq!(source.get(&cache, NOW).await, Ok(1));
    assert_eq!(source.reload(&cache, just_before(30)).await, Ok(1));
    assert_eq!(source.reload(&cache, NOW.plus_seconds(30)).await, Ok(2));
    assert_eq!(source.reload(&cache, just_before(60)).await, Ok(2));
    assert_eq!(source.reload(&cache, NOW.plus_seconds(60)).await, Ok(3));
    assert_eq!(source.asked.get(), 3);
}

#[tokio::test]
async fn a_reload_that_fails_counts_as_one_and_leaves_what_is_remembered() {
    let (cache, source) = (Cache::default(), Source::default());
    assert_eq!(source.get(&cache, NOW).await, Ok(1));
    source.error.set(Some(KeyError::Unavailable));
    assert_eq!(source.reload(&cache, NOW.plus_seconds(30)).await, Ok(1));
    assert_eq!(source.reload(&cache, just_before(60)).await, Ok(1));
    assert_eq!(source.asked.get(), 2);
    assert_eq!(source.reload(&cache, NOW.plus_seconds(60)).await, Ok(1));
    assert_eq!(source.asked.get(), 3);
}

#[tokio::test]
async fn a_value_outlives_its_source_for_15_minutes_from_when_it_was_read() {
    let (cache, source) = (Cache::default(), Source::default());
    assert_eq!(source.get(&cache, NOW).await, Ok(1));
    source.error.set(Some(KeyError::Unavailable));
    for seconds in [60, 300, 899] {
        assert_eq!(source.get(&cache, NOW.plus_seconds(seconds)).await, Ok(1));
    }
    assert_eq!(source.get(&cache, just_before(900)).await, Ok(1));
    let away = Err(KeyError::Unavailable);
    assert_eq!(source.get(&cache, NOW.plus_seconds(900)).await, away);
    assert_eq!(source.reload(&cache, NOW.plus_seconds(902)).await, away);
    source.error.set(None);
    let asked = source.asked.get();
    assert_eq!(
        source.get(&cache, NOW.plus_seconds(910)).await,
        Ok(asked + 1)
    );
}

#[tokio::test]
async fn a_source_that_did_not_answer_is_left_alone_for_a_second() {
    let (cache, source) = (Cache::default(), Source::default());
    source.error.set(Some(KeyError::Unavailable));
    let away = Err(KeyError::Unavailable);
    assert_eq!(source.get(&cache, NOW).await, away);
    assert_eq!(source.get(&cache, just_before(1)).await, away);
    assert_eq!(source.reload(&cache, just_before(1)).await, away);
    assert_eq!(source.asked.get(), 1);
    source.error.set(None);
    assert_eq!(source.get(&cache, NOW.plus_seconds(1)).await, Ok(2));
}

#[tokio::test]
async fn what_is_remembered_does_not_cover_for_a_source_whose_answer_is_unfit() {
    for error in [KeyError::NotMade, KeyError::Refused("unfit")] {
        let (cache, source) = (Cache::default(), Source::default());
        assert_eq!(source.get(&cache, NOW).await, Ok(1));
        source.error.set(Some(error.clone()));
        assert_eq!(source.get(&cache, just_before(60)).await, Ok(1));
        assert_eq!(source.get(&cache, NOW.plus_seconds(60)).await, Err(error));
        source.error.set(None);
        let mended = source.asked.get() + 1;
        assert_eq!(source.get(&cache, NOW.plus_seconds(61)).await, Ok(mended));
    }
}

#[tokio::test]
async fn a_crowd_asks_once() {
    let (cache, source) = (Cache::default(), Source::default());
    let crowd = (0..50).map(|_| source.get(&cache, NOW));
    for answer in futures_util::future::join_all(crowd).await {
        assert_eq!(answer, Ok(1));
    }
    assert_eq!(source.asked.get(), 1);
}

#[tokio::test]
async fn public_keys_are_read_from_their_row_and_remembered() {
    let cache = PublicKeys::default();
    let row = &keys().row;
    let kid = row.keys[0]
        .jwk
        .common
        .key_id
        .as_deref()
        .expect("it has a kid");
    let published = cache
        .get(NOW, async || Ok(row.clone()))
        .await
        .expect("the row is fit");
    assert!(published.find(kid).is_some());

    // Revoked in between: seen at the next reading, a minute later.
    let mut revoked = row.clone();
    revoked.revoked.push(kid.to_owned());
    let published = cache
        .get(just_before(60), async || Ok(revoked.clone()))
        .await;
    assert!(published.expect("remembered").find(kid).is_some());
    let published = cache.get(NOW.plus_seconds(60), async || Ok(revoked)).await;
    assert!(published.expect("the row is fit").find(kid).is_none());

    let mut unfit = row.clone();
    unfit.keys[0].jwk.common.key_id = None;
    let refused = cache.reload(NOW.plus_seconds(90), async || Ok(unfit)).await;
    assert!(matches!(refused, Err(KeyError::Refused(_))));
}
