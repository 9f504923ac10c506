-- Accounts that pay for provisioned throughput of models which next to nothing is asked of.
-- title: Idle provisioned throughput of Azure OpenAI
-- severity: high
-- category: usage
-- action: delete
-- saving: given
-- confidence: medium
-- needs: metrics
-- population: marts.provisioned_ai_accounts
-- fix: Ask the owner; delete the provisioned deployments, or deploy the models by tokens. Units under a reservation are paid for all the same.
-- source: units provisioned are billed by the hour whether or not they are used (meters Provisioned Managed Regional, Global and Data Zone Unit: Microsoft Learn, PTU billing); utilisation < 1 % on average and never > 5 % over 28 days (AzureOpenAIProvisionedManagedUtilizationV2: Azure Monitor's reference of supported metrics); accounts whose bill tells no such meter are left out
select
    resource_id,
    'Utilisation ' || round(processor_average, 2) || ' % on average, at most ' || round(processor_maximum, 1) || ' %, over '
    || measured_days || ' days.' as finding,
    unknown,
    coalesce(
        spared, case when provisioned_days < 28 then 'Its units are charged for less than 28 of 30 days.' end
    ) as spared,
    provisioned_cost as given_saving,
    provisioned_currency as given_currency,
    'provisioned_throughput' as saving_part,
    to_json({
        'utilisation_average_percent': processor_average,
        'utilisation_maximum_percent': processor_maximum,
        'measured_days': measured_days,
        'first_date': first_date,
        'last_date': last_date,
        'provisioned_days': provisioned_days
    }) as evidence,
from marts.judged_by_use(source := 'marts.provisioned_ai_accounts', usage := 'marts.resource_load')
where is_undecided or (processor_average < 1 and processor_maximum <= 5)
