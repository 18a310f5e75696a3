
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'rdsconn' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'rdsconn'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'rdsconn' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'SQL to run; may be given several times')
            [CompletionResult]::new('--execute', '--execute', [CompletionResultType]::ParameterName, 'SQL to run; may be given several times')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Run the SQL in a file; - is stdin')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Run the SQL in a file; - is stdin')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How rows are printed [default: table on a terminal, tsv on a pipe]')
            [CompletionResult]::new('--read-timeout', '--read-timeout', [CompletionResultType]::ParameterName, 'End a statement that is silent for this long [default: wait for ever]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile whose credentials sign')
            [CompletionResult]::new('--aws-profile', '--aws-profile', [CompletionResultType]::ParameterName, 'AWS profile whose credentials sign')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region of the endpoint')
            [CompletionResult]::new('--aws-region', '--aws-region', [CompletionResultType]::ParameterName, 'AWS region of the endpoint')
            [CompletionResult]::new('--endpoint', '--endpoint', [CompletionResultType]::ParameterName, 'RDS name: the token is signed for it and the certificate verified against it')
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Port of the endpoint [default: 3306]')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port of the endpoint [default: 3306]')
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'What is dialled, if it is not the endpoint')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Database user')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Database user')
            [CompletionResult]::new('-D', '-D ', [CompletionResultType]::ParameterName, 'Default database')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Default database')
            [CompletionResult]::new('-J', '-J ', [CompletionResultType]::ParameterName, 'SSH bastion, or an alias from ssh_config')
            [CompletionResult]::new('--bastion', '--bastion', [CompletionResultType]::ParameterName, 'SSH bastion, or an alias from ssh_config')
            [CompletionResult]::new('--route', '--route', [CompletionResultType]::ParameterName, 'direct or tunnel [default: tunnel where there is a bastion]')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'Where the password comes from [default: iam]')
            [CompletionResult]::new('--ssl-mode', '--ssl-mode', [CompletionResultType]::ParameterName, 'VERIFY_IDENTITY or VERIFY_CA [default: VERIFY_IDENTITY]')
            [CompletionResult]::new('--ssl-ca', '--ssl-ca', [CompletionResultType]::ParameterName, 'PEM file of roots to trust beside those of RDS')
            [CompletionResult]::new('--credential', '--credential', [CompletionResultType]::ParameterName, 'Stored credential, instead of a profile')
            [CompletionResult]::new('--cluster-arn', '--cluster-arn', [CompletionResultType]::ParameterName, 'Cluster, for the Data API')
            [CompletionResult]::new('--secret-arn', '--secret-arn', [CompletionResultType]::ParameterName, 'Secret, for the Data API')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: ~/.config/rdsconn/config.toml]')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'SSH configuration file, as for ssh')
            [CompletionResult]::new('--ssh-config', '--ssh-config', [CompletionResultType]::ParameterName, 'SSH configuration file, as for ssh')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Time for each stage: bastion, credentials, login [default: 10]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour in messages')
            [CompletionResult]::new('-B', '-B ', [CompletionResultType]::ParameterName, 'Print rows as tsv, as mysql does')
            [CompletionResult]::new('--batch', '--batch', [CompletionResultType]::ParameterName, 'Print rows as tsv, as mysql does')
            [CompletionResult]::new('-N', '-N ', [CompletionResultType]::ParameterName, 'Leave out the column names')
            [CompletionResult]::new('--skip-column-names', '--skip-column-names', [CompletionResultType]::ParameterName, 'Leave out the column names')
            [CompletionResult]::new('-E', '-E ', [CompletionResultType]::ParameterName, 'Print one line for each column of a row')
            [CompletionResult]::new('--vertical', '--vertical', [CompletionResultType]::ParameterName, 'Print one line for each column of a row')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Do not escape tab, newline, NUL and backslash in tsv')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'Do not escape tab, newline, NUL and backslash in tsv')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No progress, no remarks')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No progress, no remarks')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; may be repeated')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; may be repeated')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('query', 'query', [CompletionResultType]::ParameterValue, 'Run SQL on HOST (the same as a bare HOST; for hosts that are named like a command)')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Print the IAM token for HOST, and nothing else, on stdout')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Show what HOST resolves to, and which file and rule said so; touches no network')
            [CompletionResult]::new('conventions', 'conventions', [CompletionResultType]::ParameterValue, 'List, check or begin a folder of conventions')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a manual page')
            break
        }
        'rdsconn;query' {
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'SQL to run; may be given several times')
            [CompletionResult]::new('--execute', '--execute', [CompletionResultType]::ParameterName, 'SQL to run; may be given several times')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Run the SQL in a file; - is stdin')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Run the SQL in a file; - is stdin')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How rows are printed [default: table on a terminal, tsv on a pipe]')
            [CompletionResult]::new('--read-timeout', '--read-timeout', [CompletionResultType]::ParameterName, 'End a statement that is silent for this long [default: wait for ever]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile whose credentials sign')
            [CompletionResult]::new('--aws-profile', '--aws-profile', [CompletionResultType]::ParameterName, 'AWS profile whose credentials sign')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region of the endpoint')
            [CompletionResult]::new('--aws-region', '--aws-region', [CompletionResultType]::ParameterName, 'AWS region of the endpoint')
            [CompletionResult]::new('--endpoint', '--endpoint', [CompletionResultType]::ParameterName, 'RDS name: the token is signed for it and the certificate verified against it')
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Port of the endpoint [default: 3306]')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port of the endpoint [default: 3306]')
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'What is dialled, if it is not the endpoint')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Database user')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Database user')
            [CompletionResult]::new('-D', '-D ', [CompletionResultType]::ParameterName, 'Default database')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Default database')
            [CompletionResult]::new('-J', '-J ', [CompletionResultType]::ParameterName, 'SSH bastion, or an alias from ssh_config')
            [CompletionResult]::new('--bastion', '--bastion', [CompletionResultType]::ParameterName, 'SSH bastion, or an alias from ssh_config')
            [CompletionResult]::new('--route', '--route', [CompletionResultType]::ParameterName, 'direct or tunnel [default: tunnel where there is a bastion]')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'Where the password comes from [default: iam]')
            [CompletionResult]::new('--ssl-mode', '--ssl-mode', [CompletionResultType]::ParameterName, 'VERIFY_IDENTITY or VERIFY_CA [default: VERIFY_IDENTITY]')
            [CompletionResult]::new('--ssl-ca', '--ssl-ca', [CompletionResultType]::ParameterName, 'PEM file of roots to trust beside those of RDS')
            [CompletionResult]::new('--credential', '--credential', [CompletionResultType]::ParameterName, 'Stored credential, instead of a profile')
            [CompletionResult]::new('--cluster-arn', '--cluster-arn', [CompletionResultType]::ParameterName, 'Cluster, for the Data API')
            [CompletionResult]::new('--secret-arn', '--secret-arn', [CompletionResultType]::ParameterName, 'Secret, for the Data API')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: ~/.config/rdsconn/config.toml]')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'SSH configuration file, as for ssh')
            [CompletionResult]::new('--ssh-config', '--ssh-config', [CompletionResultType]::ParameterName, 'SSH configuration file, as for ssh')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Time for each stage: bastion, credentials, login [default: 10]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour in messages')
            [CompletionResult]::new('-B', '-B ', [CompletionResultType]::ParameterName, 'Print rows as tsv, as mysql does')
            [CompletionResult]::new('--batch', '--batch', [CompletionResultType]::ParameterName, 'Print rows as tsv, as mysql does')
            [CompletionResult]::new('-N', '-N ', [CompletionResultType]::ParameterName, 'Leave out the column names')
            [CompletionResult]::new('--skip-column-names', '--skip-column-names', [CompletionResultType]::ParameterName, 'Leave out the column names')
            [CompletionResult]::new('-E', '-E ', [CompletionResultType]::ParameterName, 'Print one line for each column of a row')
            [CompletionResult]::new('--vertical', '--vertical', [CompletionResultType]::ParameterName, 'Print one line for each column of a row')
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Do not escape tab, newline, NUL and backslash in tsv')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'Do not escape tab, newline, NUL and backslash in tsv')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No progress, no remarks')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No progress, no remarks')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; may be repeated')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; may be repeated')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'rdsconn;token' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile whose credentials sign')
            [CompletionResult]::new('--aws-profile', '--aws-profile', [CompletionResultType]::ParameterName, 'AWS profile whose credentials sign')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region of the endpoint')
            [CompletionResult]::new('--aws-region', '--aws-region', [CompletionResultType]::ParameterName, 'AWS region of the endpoint')
            [CompletionResult]::new('--endpoint', '--endpoint', [CompletionResultType]::ParameterName, 'RDS name: the token is signed for it and the certificate verified against it')
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Port of the endpoint [default: 3306]')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port of the endpoint [default: 3306]')
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'What is dialled, if it is not the endpoint')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Database user')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Database user')
            [CompletionResult]::new('-D', '-D ', [CompletionResultType]::ParameterName, 'Default database')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Default database')
            [CompletionResult]::new('-J', '-J ', [CompletionResultType]::ParameterName, 'SSH bastion, or an alias from ssh_config')
            [CompletionResult]::new('--bastion', '--bastion', [CompletionResultType]::ParameterName, 'SSH bastion, or an alias from ssh_config')
            [CompletionResult]::new('--route', '--route', [CompletionResultType]::ParameterName, 'direct or tunnel [default: tunnel where there is a bastion]')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'Where the password comes from [default: iam]')
            [CompletionResult]::new('--ssl-mode', '--ssl-mode', [CompletionResultType]::ParameterName, 'VERIFY_IDENTITY or VERIFY_CA [default: VERIFY_IDENTITY]')
            [CompletionResult]::new('--ssl-ca', '--ssl-ca', [CompletionResultType]::ParameterName, 'PEM file of roots to trust beside those of RDS')
            [CompletionResult]::new('--credential', '--credential', [CompletionResultType]::ParameterName, 'Stored credential, instead of a profile')
            [CompletionResult]::new('--cluster-arn', '--cluster-arn', [CompletionResultType]::ParameterName, 'Cluster, for the Data API')
            [CompletionResult]::new('--secret-arn', '--secret-arn', [CompletionResultType]::ParameterName, 'Secret, for the Data API')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: ~/.config/rdsconn/config.toml]')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'SSH configuration file, as for ssh')
            [CompletionResult]::new('--ssh-config', '--ssh-config', [CompletionResultType]::ParameterName, 'SSH configuration file, as for ssh')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Time for each stage: bastion, credentials, login [default: 10]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour in messages')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print token, endpoint, user and expiry as JSON')
            [CompletionResult]::new('--fresh', '--fresh', [CompletionResultType]::ParameterName, 'Mint a new token (there is no token cache in this version, so every token is new)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No progress, no remarks')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No progress, no remarks')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; may be repeated')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; may be repeated')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'rdsconn;explain' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile whose credentials sign')
            [CompletionResult]::new('--aws-profile', '--aws-profile', [CompletionResultType]::ParameterName, 'AWS profile whose credentials sign')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region of the endpoint')
            [CompletionResult]::new('--aws-region', '--aws-region', [CompletionResultType]::ParameterName, 'AWS region of the endpoint')
            [CompletionResult]::new('--endpoint', '--endpoint', [CompletionResultType]::ParameterName, 'RDS name: the token is signed for it and the certificate verified against it')
            [CompletionResult]::new('-P', '-P ', [CompletionResultType]::ParameterName, 'Port of the endpoint [default: 3306]')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port of the endpoint [default: 3306]')
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'What is dialled, if it is not the endpoint')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Database user')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Database user')
            [CompletionResult]::new('-D', '-D ', [CompletionResultType]::ParameterName, 'Default database')
            [CompletionResult]::new('--database', '--database', [CompletionResultType]::ParameterName, 'Default database')
            [CompletionResult]::new('-J', '-J ', [CompletionResultType]::ParameterName, 'SSH bastion, or an alias from ssh_config')
            [CompletionResult]::new('--bastion', '--bastion', [CompletionResultType]::ParameterName, 'SSH bastion, or an alias from ssh_config')
            [CompletionResult]::new('--route', '--route', [CompletionResultType]::ParameterName, 'direct or tunnel [default: tunnel where there is a bastion]')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'Where the password comes from [default: iam]')
            [CompletionResult]::new('--ssl-mode', '--ssl-mode', [CompletionResultType]::ParameterName, 'VERIFY_IDENTITY or VERIFY_CA [default: VERIFY_IDENTITY]')
            [CompletionResult]::new('--ssl-ca', '--ssl-ca', [CompletionResultType]::ParameterName, 'PEM file of roots to trust beside those of RDS')
            [CompletionResult]::new('--credential', '--credential', [CompletionResultType]::ParameterName, 'Stored credential, instead of a profile')
            [CompletionResult]::new('--cluster-arn', '--cluster-arn', [CompletionResultType]::ParameterName, 'Cluster, for the Data API')
            [CompletionResult]::new('--secret-arn', '--secret-arn', [CompletionResultType]::ParameterName, 'Secret, for the Data API')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: ~/.config/rdsconn/config.toml]')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'SSH configuration file, as for ssh')
            [CompletionResult]::new('--ssh-config', '--ssh-config', [CompletionResultType]::ParameterName, 'SSH configuration file, as for ssh')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Time for each stage: bastion, credentials, login [default: 10]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour in messages')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print as JSON')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No progress, no remarks')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No progress, no remarks')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; may be repeated')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; may be repeated')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'rdsconn;conventions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List all conventions, in the order in which they are asked')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check convention files and run their tests; without PATH, all of the user''s own')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a commented config.toml and an example convention; never overwrites')
            break
        }
        'rdsconn;conventions;list' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: ~/.config/rdsconn/config.toml]')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'SSH configuration file, as for ssh')
            [CompletionResult]::new('--ssh-config', '--ssh-config', [CompletionResultType]::ParameterName, 'SSH configuration file, as for ssh')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Time for each stage: bastion, credentials, login [default: 10]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour in messages')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No progress, no remarks')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No progress, no remarks')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; may be repeated')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; may be repeated')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'rdsconn;conventions;check' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: ~/.config/rdsconn/config.toml]')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'SSH configuration file, as for ssh')
            [CompletionResult]::new('--ssh-config', '--ssh-config', [CompletionResultType]::ParameterName, 'SSH configuration file, as for ssh')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Time for each stage: bastion, credentials, login [default: 10]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour in messages')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No progress, no remarks')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No progress, no remarks')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; may be repeated')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; may be repeated')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'rdsconn;conventions;init' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file [default: ~/.config/rdsconn/config.toml]')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'SSH configuration file, as for ssh')
            [CompletionResult]::new('--ssh-config', '--ssh-config', [CompletionResultType]::ParameterName, 'SSH configuration file, as for ssh')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Time for each stage: bastion, credentials, login [default: 10]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour in messages')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No progress, no remarks')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No progress, no remarks')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; may be repeated')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; may be repeated')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'rdsconn;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'rdsconn;man' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
