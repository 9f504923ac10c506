-- Connections that are not connected are billed by the hour.
-- title: Connections that are not connected
-- severity: medium
-- category: usage
-- action: delete
-- confidence: low
-- population: staging.network_connections
-- fix: Repair or delete the connection.
-- source: Own rule: connectionStatus NotConnected; a standby for failover may be so on purpose
select
    resource_id,
    'Not connected.' as finding,
    'state' as state_kind,
    to_json({'connection_type': connection_type, 'connection_status': connection_status, 'gateway1_id': gateway1_id}) as evidence,
from staging.network_connections
where connection_status = 'notconnected'
