//! `gatehouse keys list`.

use std::collections::HashSet;

use serde::Serialize;
use shared::clock::Timestamp;
use shared::keys::published::KeysRow;
use shared::keys::rotation::{self, KeyNote};
use shared::password;

use super::Which;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::{Output, or_dash};

/// A key, as it is listed.
#[derive(Serialize)]
struct Listed {
    kid: String,
    kind: Option<&'static str>,
    alg: Option<String>,
    state: &'static str,
    created_at: Option<String>,
    activated_at: Option<String>,
    retired_at: Option<String>,
    revoked: bool,
}

impl Listed {
    fn new(note: KeyNote, row: &KeysRow) -> Self {
        let KeyNote {
            kid,
            kind,
            alg,
            life,
        } = note;
        let text = |moment: Timestamp| moment.to_string();
        Self {
            revoked: row.revokes(&kid),
            kid,
            kind: Some(kind),
            alg: Some(alg),
            state: life.state.name(),
            created_at: Some(text(life.created_at)),
            activated_at: life.activated_at.map(text),
            retired_at: life.retired_at.map(text),
        }
    }

    /// A key that is nowhere any more, and stays refused should a restore bring it back.
    fn dropped(kid: &str) -> Self {
        Self {
            kid: kid.to_owned(),
            kind: None,
            alg: None,
            state: "dropped",
            created_at: None,
            activated_at: None,
            retired_at: None,
            revoked: true,
        }
    }
}

/// Lists the keys of both rings, what is published beside, and what was revoked.
pub async fn list(operator: &Operator, output: &Output) -> Result<(), Failure> {
    let (keys, passwords) = (Which::Keys, Which::Passwords);
    let keys = keys.secret(operator).current().await?;
    let passwords = passwords.secret(operator).current().await?;
    let row = operator.app.store.public_keys_if_any().await?;
    let row = row.unwrap_or_else(KeysRow::empty);
    let mut notes = rotation::notes(&keys.text)?;
    let kids: HashSet<String> = notes.iter().map(|note| note.kid.clone()).collect();
    notes.extend(only_published(&row, &kids));
    notes.extend(password::rotation::notes(&passwords.text)?);
    let mut listed: Vec<_> = notes
        .into_iter()
        .map(|note| Listed::new(note, &row))
        .collect();
    let kids: HashSet<String> = listed.iter().map(|key| key.kid.clone()).collect();
    let dropped = row.revoked.iter().filter(|kid| !kids.contains(*kid));
    listed.extend(dropped.map(|kid| Listed::dropped(kid)));
    let columns = [
        "KID", "KIND", "ALG", "STATE", "CREATED", "ACTIVE", "RETIRED", "REVOKED",
    ];
    output.list("keys", &listed, columns, |key| {
        [
            key.kid.clone(),
            or_dash(key.kind),
            or_dash(key.alg.as_ref()),
            key.state.to_owned(),
            or_dash(key.created_at.as_ref()),
            or_dash(key.activated_at.as_ref()),
            or_dash(key.retired_at.as_ref()),
            if key.revoked { "revoked" } else { "-" }.to_owned(),
        ]
    })?;
    if row.not_before > Timestamp::from_millis(0) {
        eprintln!(
            "Tokens and sessions made before {} are refused.",
            row.not_before
        );
    }
    Ok(())
}

/// What no ring has any more and is published all the same, until it leaves by age.
fn only_published<'a>(
    row: &'a KeysRow,
    kids: &'a HashSet<String>,
) -> impl Iterator<Item = KeyNote> + 'a {
    row.keys.iter().filter_map(move |key| {
        let kid = key.kid().filter(|kid| !kids.contains(*kid))?;
        let alg = key.jwk.common.key_algorithm.map(|alg| alg.to_string());
        Some(KeyNote {
            kid: kid.to_owned(),
            kind: "signing",
            alg: alg.unwrap_or_default(),
            life: key.life,
        })
    })
}
