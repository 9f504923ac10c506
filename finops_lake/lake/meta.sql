create schema if not exists raw;
create schema if not exists history;
create schema if not exists staging;
create schema if not exists charges;
create schema if not exists marts;
create schema if not exists audits;
create schema if not exists meta;

create table if not exists meta.lake (
    key varchar primary key,
    value varchar not null,
);
comment on table meta.lake is 'Facts about this file: who wrote it, from which Azure, in which layout.';
comment on column meta.lake.key is 'Name of the fact: schema_version, origin, created_at, package_version, generation, published_at, definitions, metrics (on or off, as the latest refresh was set).';
comment on column meta.lake.value is 'The fact as text; instants are ISO 8601 in UTC.';

create table if not exists meta.loads (
    load_id bigint not null,
    table_name varchar not null,
    scope_id varchar not null,
    month date,
    metric varchar,
    outcome varchar not null,
    complete boolean not null,
    row_count bigint,
    reason varchar,
    next_step varchar,
    error_code varchar,
    calls integer not null,
    request_ids varchar[] not null,
    inexact_amounts bigint not null,
    started_at timestamptz not null,
    finished_at timestamptz not null,
);
alter table meta.loads add column if not exists request_id varchar;
comment on table meta.loads is 'What became of every attempt to fetch a chunk: one row per table, scope, month and metric tried.';
comment on column meta.loads.load_id is 'Number of the attempt, ascending; raw rows carry it as _load_id.';
comment on column meta.loads.table_name is 'The raw table, without its schema.';
comment on column meta.loads.scope_id is 'ARM scope, lower-cased; / for what belongs to the whole sign-in.';
comment on column meta.loads.month is 'First day of the calendar month (UTC); null for tables that are loaded whole.';
comment on column meta.loads.metric is 'The reading, where a table has several (actual and amortized cost); else null.';
comment on column meta.loads.outcome is 'loaded, partial, denied, unsupported, throttled or failed.';
comment on column meta.loads.complete is 'True when Azure gave everything; only then does a missing row mean anything.';
comment on column meta.loads.row_count is 'Rows that came; null when nothing was loaded.';
comment on column meta.loads.reason is 'Why the outcome is not loaded, in words; null when it is.';
comment on column meta.loads.next_step is 'What would help, in words.';
comment on column meta.loads.error_code is 'The code Azure gave, as it gave it.';
comment on column meta.loads.calls is 'HTTP requests that the attempt took.';
comment on column meta.loads.request_ids is 'Request ids of Azure, to quote to its support.';
comment on column meta.loads.inexact_amounts is 'Amounts with more than 24 decimals, rounded half-even to 24.';
comment on column meta.loads.started_at is 'When the attempt began (UTC).';
comment on column meta.loads.finished_at is 'When the attempt ended (UTC).';
comment on column meta.loads.request_id is 'Our id of the question, command or scheduled run it was made for, as in logs, errors and meta.api_calls.';

create table if not exists meta.latest_loads (
    table_name varchar not null,
    scope_id varchar not null,
    month date,
    metric varchar,
    last_outcome varchar not null,
    last_reason varchar not null,
    last_next_step varchar not null,
    last_attempt_at timestamptz not null,
    last_success_at timestamptz,
    is_complete boolean not null,
    row_count bigint,
    calls integer,
);
comment on table meta.latest_loads is 'What meta.loads says of each chunk, kept beside it because almost every view asks: read meta.chunks instead.';
comment on column meta.latest_loads.table_name is 'The raw table, without its schema.';
comment on column meta.latest_loads.scope_id is 'ARM scope, lower-cased; / for what belongs to the whole sign-in.';
comment on column meta.latest_loads.month is 'First day of the calendar month (UTC); null for tables that are loaded whole.';
comment on column meta.latest_loads.metric is 'The reading, where a table has several; else null.';
comment on column meta.latest_loads.last_outcome is 'Outcome of the latest attempt.';
comment on column meta.latest_loads.last_reason is 'Why the latest attempt did not load everything; empty when it did.';
comment on column meta.latest_loads.last_next_step is 'What would help, in words.';
comment on column meta.latest_loads.last_attempt_at is 'When the latest attempt ended (UTC).';
comment on column meta.latest_loads.last_success_at is 'When the rows in the lake were loaded last (UTC); null when there are none.';
comment on column meta.latest_loads.is_complete is 'Whether those rows are all there was.';
comment on column meta.latest_loads.row_count is 'Rows of that load.';
comment on column meta.latest_loads.calls is 'HTTP requests that load took.';

create table if not exists meta.api_calls (
    call_id varchar not null,
    started_at timestamptz not null,
    operation varchar not null,
    scope_id varchar not null,
    api varchar not null,
    api_version varchar,
    method varchar not null,
    outcome varchar not null,
    status integer,
    attempts integer not null,
    throttled integer not null,
    statuses integer[] not null,
    latencies double[] not null,
    waited_seconds double not null,
    duration_seconds double not null,
    reply_bytes bigint not null,
    row_count bigint,
    error varchar,
    request_id varchar,
    client_request_id varchar,
    correlation_id varchar,
    request_ids varchar[] not null,
);
comment on table meta.api_calls is 'Every call to Azure of the days that are kept, its repetitions included; no query string, body or token. New calls wait in the home''s journal until data changes.';
comment on column meta.api_calls.call_id is 'Id of the call, our own.';
comment on column meta.api_calls.started_at is 'When the call began (UTC).';
comment on column meta.api_calls.operation is 'What it was made for: the raw table that was loaded.';
comment on column meta.api_calls.scope_id is 'ARM scope the address names, lower-cased; / for the whole sign-in.';
comment on column meta.api_calls.api is 'Resource provider and type, such as Microsoft.CostManagement/query.';
comment on column meta.api_calls.api_version is 'The api-version asked for.';
comment on column meta.api_calls.method is 'HTTP method.';
comment on column meta.api_calls.outcome is 'answered, throttled, denied, not_found, refused, failed or unreachable: how the call ended after all repetitions.';
comment on column meta.api_calls.status is 'HTTP status of the last reply; null when none came.';
comment on column meta.api_calls.attempts is 'HTTP requests that were sent, the first included; 0 when none left.';
comment on column meta.api_calls.throttled is 'Replies among them that said too many requests (429).';
comment on column meta.api_calls.statuses is 'HTTP status of each request in order; 0 where no reply came.';
comment on column meta.api_calls.latencies is 'Seconds from each request to the head of its reply, in order.';
comment on column meta.api_calls.waited_seconds is 'Seconds spent waiting, because Azure asked for it or before a repetition.';
comment on column meta.api_calls.duration_seconds is 'Seconds from beginning to end, waits included.';
comment on column meta.api_calls.reply_bytes is 'Bytes of the last reply''s body; 0 when it had none.';
comment on column meta.api_calls.row_count is 'Rows or items on the page that came; null when it was not read.';
comment on column meta.api_calls.error is 'Code of Azure''s error, or the kind of failure when no reply came; null when the call was answered.';
comment on column meta.api_calls.request_id is 'Our id of the question, command or scheduled run, sent as x-ms-correlation-request-id.';
comment on column meta.api_calls.client_request_id is 'The call''s own id, sent as x-ms-client-request-id.';
comment on column meta.api_calls.correlation_id is 'The correlation id in Azure''s reply.';
comment on column meta.api_calls.request_ids is 'Azure''s x-ms-request-id of each reply, to quote to its support.';

create table if not exists meta.answers (
    answer_id varchar not null,
    started_at timestamptz not null,
    tool varchar not null,
    arguments varchar[] not null,
    outcome varchar not null,
    freshness varchar,
    duration_seconds double not null,
    row_count bigint,
    answer_bytes bigint not null,
    request_id varchar not null,
);
comment on table meta.answers is 'Every call of a tool in the days that are kept: which, how long, how fresh; argument names without values. New ones wait in the home''s journal until data changes.';
comment on column meta.answers.answer_id is 'Id of the answer, our own.';
comment on column meta.answers.started_at is 'When the question came (UTC).';
comment on column meta.answers.tool is 'The MCP tool.';
comment on column meta.answers.arguments is 'Names of the arguments that were given.';
comment on column meta.answers.outcome is 'answered, refused (the caller can mend it) or failed.';
comment on column meta.answers.freshness is 'fresh (nothing was due), refreshed (a refresh ended before the answer), stale (something was due and not refreshed yet); null where nothing has to be fresh.';
comment on column meta.answers.duration_seconds is 'Seconds from question to answer.';
comment on column meta.answers.row_count is 'Rows of the answer; null without rows.';
comment on column meta.answers.answer_bytes is 'Bytes of the answer''s text.';
comment on column meta.answers.request_id is 'Our id of the question, which calls to Azure carry, too.';

create table if not exists meta.alerts (
    alert_id varchar not null,
    decided_at timestamptz not null,
    rule varchar not null,
    kind varchar not null,
    severity varchar not null,
    cause varchar not null,
    step decimal(18, 4) not null,
    title varchar not null,
    detail varchar not null,
    amount decimal(38, 24),
    billing_currency varchar,
    sub_account_id varchar,
    sub_account_name varchar,
    resource_id varchar,
    is_muted boolean not null,
    status varchar not null,
    deliveries struct(
        channel varchar, status varchar, not_before timestamptz, attempts bigint, attempted_at timestamptz,
        reason varchar, message_id varchar
    )[] not null,
);
comment on table meta.alerts is 'Alerts of the days that are kept, as they were at the last publication; marts.alerts has the newer ones, too, where the home''s journal is at hand.';
comment on column meta.alerts.alert_id is 'Id of the alert; the same in the webhook''s body, however often it is tried.';
comment on column meta.alerts.decided_at is 'When the rule found it (UTC).';
comment on column meta.alerts.rule is 'Name of the rule in config.toml.';
comment on column meta.alerts.kind is 'budget_threshold, budget_breach, anomaly, waste, commitment, failed_refresh or stale_refresh.';
comment on column meta.alerts.severity is 'high, medium or low.';
comment on column meta.alerts.cause is 'What it is about, as the rule tells causes apart: one alert per cause until it gets worse.';
comment on column meta.alerts.step is 'How far the cause had gone: the threshold in percent, or a number that grows as it gets worse.';
comment on column meta.alerts.title is 'What happened, in one line.';
comment on column meta.alerts.detail is 'The figures behind it.';
comment on column meta.alerts.amount is 'The money it is about; null where it is not about money.';
comment on column meta.alerts.billing_currency is 'Currency of the amount.';
comment on column meta.alerts.sub_account_id is 'Subscription, /subscriptions/<guid>; null where it is about several or none.';
comment on column meta.alerts.sub_account_name is 'Its name.';
comment on column meta.alerts.resource_id is 'Resource, full ARM id in lower case; null where it is about several or none.';
comment on column meta.alerts.is_muted is 'Whether its rule was muted then, so that it is only noted.';
comment on column meta.alerts.status is 'muted, or the state of the channel that is worst off: failed (tried again), waiting, dropped (given up), sent.';
comment on column meta.alerts.deliveries is 'Per channel: status, since when it may go, how often it was tried, when last, why it failed, and the message''s id.';

create table if not exists meta.tables (
    table_name varchar not null,
    comment varchar not null,
    max_age_seconds double not null,
    monthly boolean not null,
);
comment on table meta.tables is 'The raw tables and how long a load of each stays fresh.';
comment on column meta.tables.table_name is 'The raw table, without its schema.';
comment on column meta.tables.comment is 'What the table holds, in one sentence.';
comment on column meta.tables.max_age_seconds is 'Age in seconds at which a load of it counts as stale.';
comment on column meta.tables.monthly is 'True when it is loaded one calendar month at a time.';

create table if not exists meta.lineage (
    view_name varchar not null,
    table_name varchar not null,
);
comment on table meta.lineage is 'Which raw tables lie beneath each view, through any number of other views.';
comment on column meta.lineage.view_name is 'The view with its schema, such as marts.x.';
comment on column meta.lineage.table_name is 'The raw table, without its schema.';

create table if not exists meta.headers (
    view_name varchar not null,
    key varchar not null,
    value varchar not null,
);
comment on table meta.headers is 'What the header of each SQL file says: description, grain, and for audits title, severity, fix and more.';
comment on column meta.headers.view_name is 'The view with its schema, such as audits.x.';
comment on column meta.headers.key is 'Key of the header line; description for the opening sentence.';
comment on column meta.headers.value is 'Text of the header line.';

create table if not exists meta.stored (
    view_name varchar primary key,
    definition varchar not null,
);
comment on table meta.stored is 'Marts that are kept as tables for speed, rebuilt by scope and month as their raw rows change.';
comment on column meta.stored.view_name is 'The mart with its schema, such as marts.x.';
comment on column meta.stored.definition is 'Fingerprint of the SQL it was built from, its inputs included.';

create table if not exists meta.made (
    view_name varchar not null,
    made_of varchar not null,
);
comment on table meta.made is 'What each view was made of: those whose SQL files, and all beneath them, are the same still are left as they are.';
comment on column meta.made.view_name is 'The view with its schema, such as marts.x.';
comment on column meta.made.made_of is 'Fingerprint of its SQL file, of all beneath it and of the code that makes views.';

create table if not exists meta.stale_partitions (
    view_name varchar not null,
    scope_id varchar not null,
    month date not null,
);
comment on table meta.stale_partitions is 'Pieces of stored marts that wait to be rebuilt; empty in a published file.';
comment on column meta.stale_partitions.view_name is 'The stored mart with its schema.';
comment on column meta.stale_partitions.scope_id is 'Scope of the piece (x_scope_id in the mart).';
comment on column meta.stale_partitions.month is 'Month of the piece (billing_month in the mart).';

create table if not exists meta.files (
    scope_id varchar not null,
    path varchar not null,
    table_name varchar,
    size_bytes bigint not null,
    version varchar not null,
    run_id varchar,
    outcome varchar not null,
    reason varchar,
    read_at timestamptz not null,
);
comment on table meta.files is 'What became of each file of a bill at its latest reading: one row per file and the scope it counts for.';
comment on column meta.files.scope_id is 'The export (its resource id in lower case), or the address of its folder or file.';
comment on column meta.files.path is 'Path or address of the file, without any secret.';
comment on column meta.files.table_name is 'The raw table it fills; null where it could not be recognised.';
comment on column meta.files.size_bytes is 'Size of the file as listed.';
comment on column meta.files.version is 'ETag, or time of the last change: a file is read again when it differs.';
comment on column meta.files.run_id is 'Run of the export that wrote it, by its manifest.';
comment on column meta.files.outcome is 'loaded, failed, or skipped.';
comment on column meta.files.reason is 'Why it is not loaded, or what was assumed about it.';
comment on column meta.files.read_at is 'When that became of it (UTC).';

create table if not exists meta.cost_sources (
    scope_id varchar not null,
    source varchar,
    tables varchar[] not null,
    reason varchar not null,
    agreement varchar,
    not_given varchar,
    chosen_at timestamptz not null,
);
alter table meta.cost_sources add column if not exists covered_months date[] default [];
comment on table meta.cost_sources is 'Which of Azure''s cost sources is asked for each scope, and why.';
comment on column meta.cost_sources.scope_id is 'ARM scope, lower-cased.';
comment on column meta.cost_sources.source is 'cost_details, usage_details or query; null when Azure is not asked for its cost.';
comment on column meta.cost_sources.tables is 'The raw tables that are filled for the scope.';
comment on column meta.cost_sources.reason is 'Why this source: the agreement or offer, the setting, what was refused.';
comment on column meta.cost_sources.agreement is 'Agreement that pays for the scope, where it is known.';
comment on column meta.cost_sources.not_given is 'What the source cannot tell of this scope; those columns are null.';
comment on column meta.cost_sources.covered_months is 'Months that files of bills cover freshly, for which Azure is not asked.';
comment on column meta.cost_sources.chosen_at is 'When it was chosen (UTC).';

create table if not exists meta.exclusions (
    exclusion_number integer not null,
    reason varchar not null,
    until_date date,
    names varchar not null,
    check_pattern varchar,
    subscription_pattern varchar,
    resource_group_pattern varchar,
    resource_pattern varchar,
    tag_key varchar,
    tag_pattern varchar,
);
comment on table meta.exclusions is 'The user''s exclusions (exclusions.toml): findings that are listed as excluded and whose savings do not count.';
comment on column meta.exclusions.exclusion_number is 'Its place in the file, from 1.';
comment on column meta.exclusions.reason is 'Why, in the user''s words.';
comment on column meta.exclusions.until_date is 'Last day on which it holds (UTC); null: for good.';
comment on column meta.exclusions.names is 'What it is about, in words; all patterns given must hold.';
comment on column meta.exclusions.check_pattern is 'Pattern (* and ?) of the check''s name; null: any. Patterns are lower case.';
comment on column meta.exclusions.subscription_pattern is 'Pattern of the subscription''s name or id; null: any.';
comment on column meta.exclusions.resource_group_pattern is 'Pattern of the resource group; null: any.';
comment on column meta.exclusions.resource_pattern is 'Pattern of the ARM id or the name; null: any.';
comment on column meta.exclusions.tag_key is 'Key of an own tag the resource must have; null: any.';
comment on column meta.exclusions.tag_pattern is 'Pattern of that tag''s value; null: any.';

create table if not exists meta.rule_faults (
    about varchar not null,
    fault varchar not null,
    found_by varchar not null,
);
comment on table meta.rule_faults is 'What is wrong with the user''s files about audits: such a file, or check, is left out until it is mended.';
comment on column meta.rule_faults.about is 'exclusions, or the name of a check of the user''s.';
comment on column meta.rule_faults.fault is 'The fault, with its file and line or key.';
comment on column meta.rule_faults.found_by is 'reading (its file), trying (to make a view of it) or running (it over the rows of the lake).';

create table if not exists meta.audit_runs (
    audited_at timestamptz not null,
);
comment on table meta.audit_runs is 'When the ledger was compared with the findings: once with each refresh that published something.';
comment on column meta.audit_runs.audited_at is 'The instant (UTC).';

create table if not exists meta.ledger (
    finding_id varchar not null,
    check_name varchar not null,
    severity varchar not null,
    category varchar not null,
    action varchar not null,
    resource_id varchar not null,
    sub_account_id varchar,
    x_resource_group_name varchar,
    resource_name varchar,
    region_id varchar,
    tags varchar,
    saved_resource_id varchar,
    billing_currency varchar,
    saving_source varchar,
    monthly_saving decimal(38, 24),
    counted_saving decimal(38, 24),
    verdict varchar not null,
    first_saving decimal(38, 24),
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    gone_at timestamptz,
    gone_because varchar,
);
comment on table meta.ledger is 'Every finding from first seen to gone: one row per finding and time it came. Read marts.savings_ledger.';
comment on column meta.ledger.finding_id is 'The finding, as in marts.findings.';
comment on column meta.ledger.check_name is 'The check.';
comment on column meta.ledger.severity is 'high, medium or low.';
comment on column meta.ledger.category is 'usage, rate, governance or reliability.';
comment on column meta.ledger.action is 'What the check advises: delete, change, commit or review.';
comment on column meta.ledger.resource_id is 'Full ARM id, lower case.';
comment on column meta.ledger.sub_account_id is 'Subscription, /subscriptions/<guid>.';
comment on column meta.ledger.x_resource_group_name is 'Resource group, lower case.';
comment on column meta.ledger.resource_name is 'Name as Azure writes it.';
comment on column meta.ledger.region_id is 'Region, such as westeurope.';
comment on column meta.ledger.tags is 'JSON object of the resource''s own tags.';
comment on column meta.ledger.saved_resource_id is 'Resource on whose bill the saving lies.';
comment on column meta.ledger.billing_currency is 'Currency of the savings.';
comment on column meta.ledger.saving_source is 'Where the saving came from, as in marts.findings.';
comment on column meta.ledger.monthly_saving is 'Monthly saving when it was seen last; null when not known.';
comment on column meta.ledger.counted_saving is 'The part of it that counted in the total then; null where another finding''s counted.';
comment on column meta.ledger.verdict is 'waste or excluded, when it was seen last.';
comment on column meta.ledger.first_saving is 'Monthly saving when it was seen first.';
comment on column meta.ledger.first_seen_at is 'When it was seen first (UTC).';
comment on column meta.ledger.last_seen_at is 'When it was seen last (UTC).';
comment on column meta.ledger.gone_at is 'When it was found gone (UTC); null while it is open.';
comment on column meta.ledger.gone_because is 'Why it is gone, as far as the lake can tell.';

create table if not exists meta.ledger_savings (
    finding_id varchar not null,
    known_at timestamptz not null,
    monthly_saving decimal(38, 24),
    billing_currency varchar,
);
comment on table meta.ledger_savings is 'The monthly saving of each finding as of each audit that found another one than before.';
comment on column meta.ledger_savings.finding_id is 'The finding, as in marts.findings.';
comment on column meta.ledger_savings.known_at is 'Since when it was known so (UTC).';
comment on column meta.ledger_savings.monthly_saving is 'The saving; null when not known.';
comment on column meta.ledger_savings.billing_currency is 'Currency of the savings.';

create table if not exists meta.ledger_marks (
    finding_id varchar not null,
    status varchar not null,
    owner varchar,
    note varchar,
    marked_at timestamptz not null,
);
comment on table meta.ledger_marks is 'What people said of findings (finops-lake ledger --mark); the latest of a finding holds.';
comment on column meta.ledger_marks.finding_id is 'The finding, as in marts.findings.';
comment on column meta.ledger_marks.status is 'accepted (somebody will do it), done (somebody says it is done), dismissed (it will not be done), or open again.';
comment on column meta.ledger_marks.owner is 'Who does it.';
comment on column meta.ledger_marks.note is 'In their words.';
comment on column meta.ledger_marks.marked_at is 'When it was said (UTC).';
