create schema if not exists raw;
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
comment on column meta.lake.key is 'Name of the fact: schema_version, origin, created_at, package_version, generation, published_at, definitions.';
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

create table if not exists meta.stale_partitions (
    view_name varchar not null,
    scope_id varchar not null,
    month date not null,
);
comment on table meta.stale_partitions is 'Pieces of stored marts that wait to be rebuilt; empty in a published file.';
comment on column meta.stale_partitions.view_name is 'The stored mart with its schema.';
comment on column meta.stale_partitions.scope_id is 'Scope of the piece (x_scope_id in the mart).';
comment on column meta.stale_partitions.month is 'Month of the piece (billing_month in the mart).';
