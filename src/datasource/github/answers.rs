//! Asks GitHub for tags and releases, for as many repositories in one request as is good for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{Timestamp, ToSpan as _};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use tokio::sync::OnceCell;

use super::super::{LookupError, LookupErrorKind};
use super::query::{self, Answer, Found, Page, PublishedRelease, Question, Refusal, Stability, Tag, Want};
use super::site::{Repository, Site};
use super::{HOST_TYPE, is_stable};
use crate::http::{Effect, Http, HttpError, Reply, Request, SingleFlight};

/// How many repositories one query asks for. GitHub works them off one after the other, so that more would be slower
/// than a second query beside it, and close to its limit of ten seconds.
const BATCH: usize = 4;
/// How many tags or releases make a page: the most GitHub allows.
const PAGE: usize = 100;
/// The size to fall back to, where a full page is too much for GitHub: huge tags, huge release notes.
const SMALL_PAGE: usize = 25;
/// How many pages of one repository are asked for. GitHub lists a thousand releases at most.
const PAGES: usize = 10;

/// What GitHub says of one repository.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// The tags that were listed, newest first.
    pub(super) tags: Vec<Tag>,
    /// Whether there are older tags that were not listed.
    pub(super) more_tags: bool,
    /// The releases, newest first.
    pub(super) releases: Vec<PublishedRelease>,
    by_tag: BTreeMap<String, usize>,
}

impl Facts {
    fn release(&self, tag: &str) -> Option<&PublishedRelease> {
        self.releases.get(*self.by_tag.get(tag)?)
    }

    /// Returns when the release of a tag was published.
    pub(super) fn published(&self, tag: &str) -> Option<Timestamp> {
        self.release(tag)?.timestamp
    }

    /// Returns whether the release of a tag is stable, as far as its publisher says.
    pub(super) fn is_stable(&self, tag: &str) -> Option<bool> {
        is_stable(self.release(tag).map_or(Stability::Unmarked, |release| release.stability))
    }
}

type Answered = Result<Arc<Found>, LookupError>;

/// Repositories that are asked for in one request.
#[derive(Debug)]
struct Batch {
    members: BTreeMap<Repository, Want>,
    answers: OnceCell<BTreeMap<Repository, Answered>>,
}

impl Batch {
    fn of(members: BTreeMap<Repository, Want>) -> Arc<Self> {
        Arc::new(Self { members, answers: OnceCell::new() })
    }
}

#[derive(Debug, Default)]
struct Plan {
    /// What was announced and is not asked for yet.
    announced: BTreeMap<Repository, Want>,
    batches: BTreeMap<Repository, Arc<Batch>>,
}

impl Plan {
    /// Divides what was announced among requests.
    fn divide(&mut self) {
        let mut members = BTreeMap::new();
        let mut announced = std::mem::take(&mut self.announced).into_iter().peekable();
        while let Some((repository, want)) = announced.next() {
            let last_of_site = announced.peek().is_none_or(|(next, _)| next.site != repository.site);
            members.insert(repository, want);
            if members.len() == BATCH || last_of_site {
                let batch = Batch::of(std::mem::take(&mut members));
                for member in batch.members.keys() {
                    self.batches.insert(member.clone(), Arc::clone(&batch));
                }
            }
        }
    }
}

/// What GitHub answered in this run.
#[derive(Debug)]
pub(super) struct Answers {
    http: Http,
    plan: Mutex<Plan>,
    facts: SingleFlight<(Repository, Want), Result<Arc<Facts>, LookupError>>,
}

impl Answers {
    pub(super) fn new(http: Http) -> Self {
        Self { http, plan: Mutex::default(), facts: SingleFlight::default() }
    }

    /// Whether there is a token for a site's API.
    pub(super) fn has_token(&self, site: &Site) -> bool {
        self.http.host_settings(&site.graphql(), HOST_TYPE).credential().is_some()
    }

    /// Hears of what will be asked for.
    pub(super) fn announce(&self, repositories: impl Iterator<Item = Repository>, want: Want) {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        for repository in repositories {
            let announced = plan.announced.entry(repository).or_insert(want);
            *announced = want.max(*announced);
        }
    }

    /// Returns what GitHub says of a repository.
    pub(super) async fn facts(
        &self,
        repository: &Repository,
        want: Want,
        package: &str,
    ) -> Result<Arc<Facts>, LookupError> {
        let key = (repository.clone(), want);
        let facts = self.facts.run(&key, || self.complete(repository, want)).await;
        // Whoever asked first may have called it otherwise.
        facts.map_err(|error| LookupError { package: package.to_owned(), ..error })
    }

    async fn complete(&self, repository: &Repository, want: Want) -> Result<Arc<Facts>, LookupError> {
        let batch = self.batch(repository, want);
        let answers = batch.answers.get_or_init(|| self.ask_batch(&batch.members)).await;
        let first = match answers.get(repository) {
            Some(answer) => Found::clone(&**answer.as_ref().map_err(Clone::clone)?),
            None => return Err(LookupError::not_found(repository.site.host(), &repository.name)),
        };
        let Found { mut tags, mut releases } = first;
        for _ in 1..PAGES {
            let more_tags = tags.next.take_if(|_| spans_little_time(&tags.items));
            let more_releases = releases.next.take();
            if more_tags.is_none() && more_releases.is_none() {
                break;
            }
            let page = |cursor: Option<String>| cursor.map_or(Page::None, Page::After);
            let question = Question {
                repository: repository.clone(),
                tags: page(more_tags.clone()),
                releases: page(more_releases.clone()),
            };
            let found = self.ask_one(&question).await?;
            if more_tags.is_some() {
                tags.items.extend(found.tags.items);
                tags.next = found.tags.next;
            }
            releases.items.extend(found.releases.items);
            releases.next = found.releases.next;
        }
        let by_tag =
            releases.items.iter().enumerate().map(|(at, release)| (release.tag.clone(), at)).collect();
        Ok(Arc::new(Facts {
            tags: tags.items,
            more_tags: tags.next.is_some(),
            releases: releases.items,
            by_tag,
        }))
    }

    /// Returns the request that answers for a repository: the one it was announced for, or one of its own.
    ///
    /// Which repositories share a request depends on what was announced alone, not on who asks first, so that two runs
    /// that ask the same send the same: a recording of one serves the other.
    fn batch(&self, repository: &Repository, want: Want) -> Arc<Batch> {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        plan.divide();
        if let Some(batch) = plan.batches.get(repository)
            && batch.members.get(repository).is_some_and(|asked| *asked >= want)
        {
            return Arc::clone(batch);
        }
        let alone = Batch::of(BTreeMap::from([(repository.clone(), want)]));
        plan.batches.insert(repository.clone(), Arc::clone(&alone));
        alone
    }

    async fn ask_batch(&self, members: &BTreeMap<Repository, Want>) -> BTreeMap<Repository, Answered> {
        let questions: Vec<Question> =
            members.iter().map(|(repository, want)| Question::first(repository.clone(), *want)).collect();
        let answers = self.ask(&questions, PAGE).await;
        let mut answered = BTreeMap::new();
        for (at, question) in questions.into_iter().enumerate() {
            let answer = match &answers {
                Ok(answers) => match answers.get(at) {
                    Some(Ok(found)) => Ok(found.clone()),
                    Some(Err(refusal)) if is_final(refusal) => Err(error_of(&question.repository, refusal)),
                    _ => self.ask_one(&question).await,
                },
                Err(error) if error.kind != LookupErrorKind::Network => {
                    Err(LookupError { package: question.repository.name.clone(), ..error.clone() })
                }
                // Too much at once, perhaps.
                Err(_) => self.ask_one(&question).await,
            };
            answered.insert(question.repository, answer.map(Arc::new));
        }
        answered
    }

    /// Asks about one repository, with a smaller page when a full one fails.
    async fn ask_one(&self, question: &Question) -> Result<Found, LookupError> {
        let mut last = None;
        for size in [PAGE, SMALL_PAGE] {
            match self.ask(std::slice::from_ref(question), size).await {
                Ok(mut answers) => match answers.pop() {
                    Some(Ok(found)) => return Ok(found),
                    Some(Err(refusal)) => {
                        let error = error_of(&question.repository, &refusal);
                        if is_final(&refusal) {
                            return Err(error);
                        }
                        last = Some(error);
                    }
                    None => {}
                },
                Err(error) if error.kind == LookupErrorKind::Network => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| {
            LookupError::not_found(question.repository.site.host(), &question.repository.name)
        }))
    }

    async fn ask(
        &self,
        questions: &[Question],
        size: usize,
    ) -> Result<Vec<Result<Found, Refusal>>, LookupError> {
        let Some(first) = questions.first() else { return Ok(Vec::new()) };
        let request = Request::post_json(first.repository.site.graphql(), &query::body(questions, size))
            .effect(Effect::Asks)
            .host_type(HOST_TYPE);
        let of_http = |error: HttpError| LookupError::of_http(&first.repository.name, error);
        let reply = self.http.send(&request).await.map_err(of_http)?;
        if !reply.status.is_success() {
            return Err(error_of_reply(&first.repository, &reply));
        }
        let answer: Answer = reply.json().map_err(of_http)?;
        query::read(answer, questions).map_err(|refusal| {
            if is_exhausted(&reply.headers) {
                limited(&first.repository)
            } else {
                error_of(&first.repository, &refusal)
            }
        })
    }
}

/// Whether the tags so far are all so young that older ones may matter: nightly builds fill a page in weeks.
fn spans_little_time(tags: &[Tag]) -> bool {
    let times: BTreeSet<Timestamp> = tags.iter().filter_map(|tag| tag.timestamp).collect();
    let (Some(oldest), Some(newest)) = (times.first(), times.last()) else { return false };
    oldest.checked_add((24 * 90).hours()).is_ok_and(|later| later > *newest)
}

/// Whether asking again, for less, is of no use.
fn is_final(refusal: &Refusal) -> bool {
    matches!(
        refusal.kind.as_str(),
        "NOT_FOUND" | "FORBIDDEN" | "INSUFFICIENT_SCOPES" | "RATE_LIMITED" | "RATE_LIMIT"
    ) || refusal.message.contains("SAML")
}

fn is_exhausted(headers: &HeaderMap) -> bool {
    headers.get("x-ratelimit-remaining").is_some_and(|left| left.as_bytes() == b"0")
}

fn limited(repository: &Repository) -> LookupError {
    let host = repository.site.host();
    let detail = format!("the token's questions to `{host}` are used up for this hour");
    LookupError::new(LookupErrorKind::RateLimited, host, &repository.name, detail)
        .hint("it is tried again on the next run; a token of its own has a limit of its own")
}

fn error_of(repository: &Repository, refusal: &Refusal) -> LookupError {
    let host = repository.site.host();
    let error = |kind| {
        LookupError::new(kind, host.clone(), &repository.name, format!("`{host}` says `{}`", refusal.message))
    };
    match refusal.kind.as_str() {
        "NOT_FOUND" => LookupError::not_found(host.clone(), &repository.name)
            .hint("check the name; a private repository wants a token that may read it"),
        "RATE_LIMITED" | "RATE_LIMIT" => limited(repository),
        "FORBIDDEN" | "INSUFFICIENT_SCOPES" => error(LookupErrorKind::Unauthorized)
            .hint("the token may not read it; a token without any permission reads public repositories"),
        Refusal::INCOMPLETE => {
            let detail = format!("the answer of `{host}` is not complete: it lacks `{}`", refusal.message);
            LookupError::new(LookupErrorKind::Malformed, host.clone(), &repository.name, detail)
                .hint("it is tried again on the next run")
        }
        _ if refusal.message.contains("SAML") => error(LookupErrorKind::Unauthorized)
            .hint("authorize the token for the organization's single sign-on"),
        _ => error(LookupErrorKind::Network).hint("it is tried again on the next run"),
    }
}

/// What a reply other than 200 means; GitHub's message says more than its status.
fn error_of_reply(repository: &Repository, reply: &Reply) -> LookupError {
    let host = repository.site.host();
    let message: String = reply
        .json::<serde_json::Value>()
        .ok()
        .and_then(|value| Some(value.get("message")?.as_str()?.chars().take(300).collect()))
        .unwrap_or_default();
    let lower = message.to_lowercase();
    let about = |kind, detail: String| LookupError::new(kind, host.clone(), &repository.name, detail);
    match reply.status {
        StatusCode::UNAUTHORIZED => {
            about(LookupErrorKind::Unauthorized, format!("`{host}` does not accept the token: `{message}`"))
                .hint("the token is wrong or has expired; set a new one (`GITHUB_COM_TOKEN` for github.com)")
        }
        StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
            if lower.contains("secondary rate limit") || lower.contains("abuse") =>
        {
            about(LookupErrorKind::RateLimited, format!("`{host}` was asked too much in too short a time"))
                .hint("it is tried again on the next run")
        }
        StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
            if lower.contains("rate limit") || is_exhausted(&reply.headers) =>
        {
            limited(repository)
        }
        StatusCode::FORBIDDEN => about(LookupErrorKind::Unauthorized, format!("`{host}` says `{message}`"))
            .hint("the token may not ask; check its permissions"),
        _ => {
            let error = reply.status_error();
            let shown = error.clone();
            let of_http = LookupError::of_http(&repository.name, error);
            if of_http.kind == LookupErrorKind::NotFound {
                about(LookupErrorKind::Malformed, shown.detail)
                    .hint("check that the registry URL is that of a GitHub")
            } else {
                of_http
            }
        }
    }
}
