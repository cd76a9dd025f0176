-- What the embedded GitHub remembers. Times are ISO 8601 in UTC with a trailing Z, as GitHub writes them.
-- Git objects and refs are not here: they are in real bare repositories, which are the truth about code.
create table if not exists users (
  id integer primary key, login text not null unique collate nocase, type text not null default 'User',  -- User | Bot | Organization
  name text, email text, app_id integer, created_at text not null);
create table if not exists apps (
  id integer primary key, slug text not null unique, name text not null, owner_id integer not null, bot_id integer not null, client_id text,
  public_key text not null, permissions text not null,                                                   -- JSON: {"contents": "write", ...}
  created_at text not null);
create table if not exists manifest_codes (code text primary key, owner text not null, manifest text not null, expires_at text not null);
create table if not exists installations (
  id integer primary key, app_id integer not null, account_id integer not null, permissions text not null, created_at text not null,
  repositories text);                                                                                     -- JSON list of repository ids or null for all
create table if not exists tokens (
  token text primary key, user_id integer not null, kind text not null,                                  -- pat | installation
  installation_id integer, permissions text, repositories text, expires_at text);                        -- JSON, JSON list of repository ids or null for all
create table if not exists sign_ins (
  hash text primary key, kind text not null, user_id integer not null, expires_at text not null);        -- link | session; only hashes are kept
create table if not exists repositories (
  id integer primary key, owner_id integer not null, name text not null collate nocase, private integer not null default 0,
  description text, default_branch text not null default 'main', next_number integer not null default 1,
  allow_merge_commit integer not null default 1, allow_squash_merge integer not null default 1, allow_rebase_merge integer not null default 1,
  delete_branch_on_merge integer not null default 0,
  created_at text not null, updated_at text not null, pushed_at text, unique (owner_id, name));
create table if not exists collaborators (
  repo_id integer not null, user_id integer not null, role text not null,                                -- read | triage | write | maintain | admin
  primary key (repo_id, user_id));
create table if not exists protections (
  repo_id integer not null, branch text not null, required_checks text not null default '[]',            -- JSON: [{"context": "...", "app_id": null}]
  required_approvals integer not null default 0, dismiss_stale integer not null default 0, strict integer not null default 0,
  by_pull integer not null default 0, enforce_admins integer not null default 1,                         -- by_pull: only pull requests, if with no approval
  restrictions text, flags text not null default '{}',                                                   -- JSON: {"users": [id], "apps": [id]} or null for all
  primary key (repo_id, branch));
create table if not exists variables (
  repo_id integer not null, name text not null, value text not null, created_at text not null, updated_at text not null, primary key (repo_id, name));
create table if not exists repo_switches (
  repo_id integer not null, name text not null, value text not null, primary key (repo_id, name));       -- JSON; what is not here has its default
create table if not exists secret_keys (repo_id integer primary key, key_id text not null, private blob not null);
create table if not exists secrets (                                                                      -- sealed: base64, for the key of the repository
  repo_id integer not null, name text not null, sealed text not null, created_at text not null, updated_at text not null, primary key (repo_id, name));
create table if not exists environments (                                                                 -- branch_policy: JSON, or null where every branch may
  id integer primary key, repo_id integer not null, name text not null collate nocase, branch_policy text, key_id text not null,
  private blob not null, created_at text not null, updated_at text not null, unique (repo_id, name));
create table if not exists environment_branches (
  id integer primary key, environment_id integer not null, name text not null, kind text not null, unique (environment_id, name, kind));
create table if not exists environment_secrets (
  environment_id integer not null, name text not null, sealed text not null, created_at text not null, updated_at text not null,
  primary key (environment_id, name));
create table if not exists labels (
  id integer primary key, repo_id integer not null, name text not null collate nocase, color text not null default 'ededed', description text,
  unique (repo_id, name));
-- GitHub numbers issues and pull requests in one row of numbers; a pull request is an issue with a row in pulls.
create table if not exists issues (
  id integer primary key, repo_id integer not null, number integer not null, title text not null, body text,
  state text not null default 'open', state_reason text, author_id integer not null, app_id integer,
  created_at text not null, updated_at text not null, closed_at text, closed_by_id integer, locked integer not null default 0,
  edited_at text, editor_id integer, unique (repo_id, number));
create table if not exists issue_edits (
  id integer primary key, issue_id integer not null, editor_id integer not null, at text not null, body text not null);
create table if not exists issue_labels (issue_id integer not null, label_id integer not null, primary key (issue_id, label_id));
create table if not exists milestones (
  id integer primary key, repo_id integer not null, number integer not null, title text not null, description text, state text not null,
  creator_id integer not null, due_on text, created_at text not null, updated_at text not null, closed_at text, unique (repo_id, number));
create table if not exists issue_milestones (issue_id integer primary key, milestone_id integer not null);
create table if not exists topics (repo_id integer not null, name text not null, primary key (repo_id, name));
create table if not exists releases (                                                                     -- the tag is git's; a draft's is not made yet
  id integer primary key, repo_id integer not null, tag text not null, target text not null, name text, body text, draft integer not null,
  prerelease integer not null, author_id integer not null, created_at text not null, published_at text, updated_at text not null);
create table if not exists issue_assignees (issue_id integer not null, user_id integer not null, primary key (issue_id, user_id));
create table if not exists blocked_by (issue_id integer not null, blocker_id integer not null, primary key (issue_id, blocker_id));
create table if not exists sub_issues (parent_id integer not null, child_id integer primary key, position integer not null);
create table if not exists comments (
  id integer primary key, issue_id integer not null, author_id integer not null, app_id integer, body text not null,
  created_at text not null, updated_at text not null, edited_at text, editor_id integer);
create table if not exists reactions (
  id integer primary key, about text not null, about_id integer not null,                                 -- issues | comments | review_comments, and its id there
  user_id integer not null, content text not null, created_at text not null, unique (about, about_id, user_id, content));
create table if not exists events (                                                                       -- the timeline, but for comments, reviews and commits
  id integer primary key, issue_id integer not null, actor_id integer, event text not null,              -- labeled | closed | reopened | renamed | merged | ...
  data text not null default '{}', created_at text not null);
create table if not exists pulls (
  issue_id integer primary key, head_ref text not null, head_sha text not null, base_ref text not null, base_sha text not null,
  draft integer not null default 0, merged_at text, merged_by_id integer, merge_commit_sha text,
  mergeable integer, mergeable_for text,                                                                  -- the "head:base" pair that mergeable was computed for
  maintainer_can_modify integer not null default 0,
  fork_owner_id integer);                                                                                 -- whose fork the head is a branch of; null for this repository's own
create table if not exists reviews (
  id integer primary key, issue_id integer not null, author_id integer not null, app_id integer, body text not null,
  state text not null,                                                                                    -- PENDING | COMMENTED | APPROVED | CHANGES_REQUESTED | DISMISSED
  commit_id text not null, stale integer not null default 0, submitted_at text);
create table if not exists review_comments (
  id integer primary key, issue_id integer not null, review_id integer, author_id integer not null, body text not null, path text not null,
  line integer, start_line integer, side text not null default 'RIGHT', start_side text, subject_type text not null default 'line',
  commit_id text not null, in_reply_to_id integer, resolved integer not null default 0, created_at text not null, updated_at text not null,
  diff_hunk text not null default '', position integer, original_line integer, original_commit_id text, app_id integer,
  edited_at text, resolved_by_id integer);
create table if not exists pull_sizes (                                                                   -- what counting found, for the "head:base" pair it was found for
  issue_id integer primary key, counted_for text not null, commits integer not null, additions integer not null, deletions integer not null,
  files integer not null);
create table if not exists review_requests (issue_id integer not null, user_id integer not null, primary key (issue_id, user_id));
create table if not exists teams (id integer primary key, org_id integer not null, slug text not null collate nocase, unique (org_id, slug));
create table if not exists team_requests (issue_id integer not null, team_id integer not null, primary key (issue_id, team_id));
create table if not exists check_suites (
  id integer primary key, repo_id integer not null, app_id integer not null, head_sha text not null, created_at text not null,
  unique (repo_id, app_id, head_sha));
create table if not exists check_runs (
  id integer primary key, repo_id integer not null, suite_id integer not null, app_id integer not null, head_sha text not null, name text not null,
  status text not null, conclusion text, started_at text not null, completed_at text, external_id text, details_url text,
  title text, summary text, text text, annotations text not null default '[]');
create table if not exists statuses (
  id integer primary key, repo_id integer not null, sha text not null, context text not null, state text not null, description text,
  target_url text, creator_id integer not null, created_at text not null, updated_at text not null);
create table if not exists boards (                                                                       -- Projects v2; always "board" in this house
  id integer primary key, owner_id integer not null, number integer not null, title text not null, short_description text, public integer not null default 1,
  repo_id integer, closed integer not null default 0, created_at text not null, updated_at text not null, unique (owner_id, number));
create table if not exists board_fields (
  id integer primary key, board_id integer not null, name text not null, data_type text not null,        -- TITLE | TEXT | NUMBER | DATE | SINGLE_SELECT
  options text not null default '[]', unique (board_id, name));                                           -- JSON: [{"id","name","color","description"}]
create table if not exists board_items (
  id integer primary key, board_id integer not null, issue_id integer not null, position integer not null, archived integer not null default 0,
  created_at text not null, updated_at text not null, unique (board_id, issue_id));
create table if not exists board_values (
  item_id integer not null, field_id integer not null, value text not null, updated_at text not null,    -- JSON scalar; option id for a single select
  primary key (item_id, field_id));
create table if not exists board_views (
  id integer primary key, board_id integer not null, number integer not null, name text not null, layout text not null, filter text, data text not null default '{}');
create table if not exists hooks (
  id integer primary key, repo_id integer, app_id integer, url text not null, secret text, content_type text not null default 'json',
  events text not null default '["push"]', active integer not null default 1, created_at text not null, updated_at text not null);
create table if not exists deliveries (
  id integer primary key, hook_id integer not null, guid text not null, event text not null, action text, repo_id integer,
  payload text not null, status text not null default 'pending', status_code integer not null default 0, duration real not null default 0,
  redelivery integer not null default 0, delivered_at text not null, response text);
create table if not exists workflows (
  id integer primary key, repo_id integer not null, path text not null, name text not null, state text not null default 'active',  -- or disabled_manually
  created_at text not null, updated_at text not null, unique (repo_id, path));
create table if not exists workflow_runs (
  id integer primary key, repo_id integer not null, workflow_id integer not null, suite_id integer not null, name text not null, title text not null,
  event text not null, head_sha text not null, head_branch text not null, status text not null, conclusion text, actor_id integer not null,
  run_number integer not null, attempt integer not null default 1, inputs text not null default '{}',        -- JSON: what a dispatch gave
  created_at text not null, started_at text not null, updated_at text not null);
create table if not exists workflow_jobs (                                                                -- a job's id is its check run's, as on GitHub
  id integer primary key, run_id integer not null, job text not null, attempt integer not null);
create table if not exists workflow_attempts (                                                            -- what came before a run's present attempt
  run_id integer not null, attempt integer not null, conclusion text, started_at text not null, updated_at text not null,
  primary key (run_id, attempt));
create table if not exists merge_queue_entries (                                                          -- the group's three are null until it is built
  id integer primary key, repo_id integer not null, issue_id integer not null unique, base_ref text not null, pull_head text not null,
  enqueuer_id integer not null, jump integer not null default 0, enqueued_at text not null, base_sha text, head_sha text, group_ref text);
create table if not exists ref_tips (                                                                     -- what refs were when last looked at: how pushes are noticed
  repo_id integer not null, ref text not null, sha text not null, primary key (repo_id, ref));
create table if not exists ref_looks (repo_id integer primary key, fingerprint text not null);                -- the ref store's state at that look
create table if not exists faults (
  id integer primary key, method text not null, path text not null, kind text not null,                  -- status | late | after | cut | secondary | primary
  data text not null default '{}', remaining integer not null default 1);
create table if not exists requests (                                                                     -- every API request, for counting
  id integer primary key, at text not null, actor text, method text not null, path text not null, route text, status integer not null,
  resource text not null default 'core', creates_content integer not null default 0);
create index if not exists issues_by_repo on issues (repo_id, state, number);
create index if not exists issues_by_update on issues (repo_id, updated_at);
create index if not exists issue_labels_by_label on issue_labels (label_id, issue_id);
create index if not exists comments_by_issue on comments (issue_id);
create index if not exists events_by_issue on events (issue_id);
create index if not exists reviews_by_issue on reviews (issue_id);
create index if not exists check_runs_by_sha on check_runs (repo_id, head_sha);
create index if not exists workflow_runs_by_sha on workflow_runs (repo_id, head_sha);
create index if not exists statuses_by_sha on statuses (repo_id, sha);
create index if not exists pulls_by_head on pulls (head_ref);
create table if not exists meters (                                                                       -- the primary limit: what an actor used in its hour
  actor text not null, resource text not null, used integer not null default 0, ceiling integer not null, resets_at text not null,
  primary key (actor, resource));
create table if not exists switches (name text primary key, value text not null);                         -- what is off until asked for, as JSON
create index if not exists requests_by_actor on requests (actor, at);
create index if not exists deliveries_by_status on deliveries (status);
create index if not exists deliveries_by_hook on deliveries (hook_id, id);
