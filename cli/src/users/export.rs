//! A tenant's users, written out, complete: an import of the file brings all of them back. The hashes of
//! their passwords go with them only where that is asked for.

mod form;

use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use shared::auth::admin::Admin;
use shared::auth::users::{import::record, list::list};
use shared::call::Call;
use shared::id::TenantId;
use shared::password::Passwords;
use shared::store::event::EventType;
use shared::store::list::Listed;

use super::import::Format;
use super::private_file;
use crate::failure::Failure;
use crate::operator::Operator;
use crate::output::Output;
use form::Form;

/// A tenant's users, written out.
#[derive(Debug, Args)]
pub struct Export {
    /// The tenant whose users are written.
    #[arg(
        long,
        value_name = "TENANT",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    tenant: Option<String>,

    /// Write the users of every tenant.
    #[arg(long)]
    all: bool,

    /// How to write them.
    #[arg(long, value_enum, default_value = "jsonl")]
    format: Format,

    /// Write password hashes too, which whoever has the file can try passwords on.
    #[arg(long)]
    with_hashes: bool,

    /// Write to this file, which is for your eyes only and must not be there yet; else to standard output.
    #[arg(long, visible_alias = "output", value_name = "FILE")]
    out: Option<PathBuf>,
}

/// So many users are read at a time.
const PAGE: usize = 500;

impl Export {
    /// Does it.
    pub async fn run(self, operator: &Operator, output: &Output) -> Result<(), Failure> {
        if self.with_hashes && self.out.is_none() {
            if io::stdout().is_terminal() {
                return Err(Failure::usage(
                    "password hashes are not shown at a terminal: name a file with --out",
                ));
            }
            // The shell has made it, for everybody to read as a rule.
            if stdout_is_file() {
                return Err(Failure::usage(
                    "password hashes go into no file that others may read: name it with --out",
                ));
            }
        }
        if let Some(out) = self.out.as_ref().filter(|out| out.exists()) {
            let there = format!("{} is there already", out.display());
            return Err(Failure::new(there));
        }
        let tenants = match &self.tenant {
            Some(tenant) => vec![operator.tenant(tenant).await?.id],
            None => operator.app.store.tenants().await?,
        };
        let call = operator.call();
        for tenant in &tenants {
            self.announce(operator, &call, tenant).await?;
        }
        if self.with_hashes {
            eprintln!(
                "THE EXPORT HOLDS PASSWORD HASHES: keep it as you would the passwords, and destroy it"
            );
        }
        let mut sink = Sink::open(self.out.as_deref(), Output { json: output.json })?;
        let passwords = operator.passwords();
        let form = Form::new(self.format, self.with_hashes);
        sink.write(&form.header()?)?;
        let mut written = 0;
        for tenant in &tenants {
            written += self
                .write(operator, (&form, &passwords), tenant, &mut sink)
                .await?;
        }
        sink.close()?;
        // Beside a file there is room for a word; into a pipe goes the export alone.
        let Some(out) = &self.out else {
            return Ok(());
        };
        let out = out.display().to_string();
        let document = json!({ "exported": written, "with_hashes": self.with_hashes, "file": out });
        output.one(
            &document,
            &[("exported", written.to_string()), ("file", out)],
        )
    }

    /// Records the export of a tenant, before anything of it leaves.
    async fn announce(
        &self,
        operator: &Operator,
        call: &Call,
        tenant: &TenantId,
    ) -> Result<(), Failure> {
        let app = &operator.app;
        let (mut users, mut after) = (0, None);
        loop {
            let (ids, more) = app
                .store
                .list(tenant, Listed::Users, PAGE, after.as_deref())
                .await?;
            users += ids.len();
            after = ids.into_iter().next_back();
            if !more {
                break;
            }
        }
        let hashes = if self.with_hashes { "with" } else { "without" };
        let what = format!("{users} users, {hashes} password hashes");
        let admin = Admin::operator(tenant.clone());
        Ok(record(app, call, &admin, EventType::SysExport, &what).await?)
    }

    /// Writes a tenant's users; gives how many.
    async fn write(
        &self,
        operator: &Operator,
        (form, passwords): (&Form, &Passwords),
        tenant: &TenantId,
        sink: &mut Sink<'_>,
    ) -> Result<u64, Failure> {
        let (mut written, mut after) = (0, None);
        loop {
            let (users, next) = list(&operator.app, (tenant, None), PAGE, after.as_deref()).await?;
            for (user, last_login) in &users {
                let hash = user.password_hash.as_deref().filter(|_| self.with_hashes);
                let opened = match hash {
                    Some(sealed) => {
                        let keys = passwords.keys_for(operator.now(), Some(sealed)).await?;
                        let opened = keys.open(&user.id, sealed);
                        // Nobody may be left out in silence: whoever has no hash could not sign in.
                        Some(opened.map_err(|error| {
                            Failure::new(format!("user {} cannot be exported: {error}", user.id))
                        })?)
                    }
                    None => None,
                };
                let phc = opened.as_ref().map(|phc| phc.as_str());
                sink.write(&form.row(user, *last_login, phc)?)?;
                written += 1;
            }
            after = next;
            if after.is_none() {
                return Ok(written);
            }
        }
    }
}

/// Where an export goes.
enum Sink<'a> {
    /// Into a file that gets its name when it is whole.
    File(Part<'a>, io::BufWriter<File>),
    /// To whoever reads.
    Pipe { lines: Vec<u8>, output: Output },
}

/// What a file is called until it is whole; it goes, however the export ends.
struct Part<'a> {
    path: PathBuf,
    out: &'a Path,
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        // Whoever could not remove it is told of what went wrong before.
        let _ = fs::remove_file(&self.path);
    }
}

/// So many bytes go to a pipe at a time.
const AT_A_TIME: usize = 64 * 1024;

impl<'a> Sink<'a> {
    fn open(out: Option<&'a Path>, output: Output) -> Result<Self, Failure> {
        let Some(out) = out else {
            let lines = Vec::new();
            return Ok(Self::Pipe { lines, output });
        };
        let path = private_file::beside(out, ".part");
        // One that is there is another export's, under way or killed.
        let file = private_file::create(&path).map_err(|error| failed(&path, &error))?;
        Ok(Self::File(Part { path, out }, io::BufWriter::new(file)))
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Failure> {
        match self {
            Self::File(part, file) => {
                let written = file.write_all(text);
                written.map_err(|error| failed(&part.path, &error))
            }
            Self::Pipe { lines, .. } => {
                lines.extend_from_slice(text);
                if lines.len() < AT_A_TIME {
                    return Ok(());
                }
                self.print()
            }
        }
    }

    fn print(&mut self) -> Result<(), Failure> {
        let Self::Pipe { lines, output } = self else {
            return Ok(());
        };
        let text = String::from_utf8_lossy(lines);
        let printed = match text.strip_suffix('\n') {
            Some(text) => output.line(text),
            None => Ok(()),
        };
        lines.clear();
        printed
    }

    fn close(mut self) -> Result<(), Failure> {
        self.print()?;
        let Self::File(part, mut file) = self else {
            return Ok(());
        };
        let whole = file.flush().and_then(|()| file.get_ref().sync_all());
        whole.map_err(|error| failed(&part.path, &error))?;
        // Unlike a rename, a link never takes the place of a file that has come meanwhile.
        fs::hard_link(&part.path, part.out).map_err(|error| failed(part.out, &error))
    }
}

/// Whether standard output goes into a file. Whoever sits at the other end of a pipe looks after it.
fn stdout_is_file() -> bool {
    let stdout = io::stdout().as_fd().try_clone_to_owned();
    let about = stdout.and_then(|stdout| File::from(stdout).metadata());
    about.is_ok_and(|about| about.is_file())
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("cannot write {}: {error}", path.display()))
}
