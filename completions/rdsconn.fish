# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_rdsconn_global_optspecs
    string join \n e/execute= f/file= password-fd= p/param= transaction continue-after-timeout page-by= format= B/batch N/skip-column-names E/vertical r/raw read-timeout= profile= region= endpoint= P/port= address= u/user= D/database= J/bastion= route= auth= ssl-mode= ssl-ca= credential= cluster-arn= secret-arn= config= F/ssh-config= connect-timeout= q/quiet v/verbose color= h/help V/version
end

function __fish_rdsconn_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_rdsconn_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_rdsconn_using_subcommand
    set -l cmd (__fish_rdsconn_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c rdsconn -n "__fish_rdsconn_needs_command" -s e -l execute -d 'SQL to run; may be given several times' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -s f -l file -d 'Run the SQL in a file; - is stdin' -r -F
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l password-fd -d 'With --auth password: read it from the first line of this descriptor, for example 3 with 3<FILE' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -s p -l param -l parameter -d 'Value for :NAME in the SQL; TYPE is string, int, long, double, boolean, decimal, date, time, timestamp, json, uuid, blob (base64) or null [default: string]; may be given several times' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l page-by -d 'Data API: fetch the rows of a SELECT in pages, in the order of this column of its result' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l format -d 'How rows are printed [default: table on a terminal, tsv on a pipe]' -r -f -a "table\t''
vertical\t''
json\t''
jsonl\t''
csv\t''
tsv\t''
markdown\t''"
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l read-timeout -d 'End a statement that is silent for this long [default: wait for ever]' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l profile -l aws-profile -d 'AWS profile whose credentials sign' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l region -l aws-region -d 'AWS region of the endpoint' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l endpoint -d 'RDS name: the token is signed for it and the certificate verified against it' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -s P -l port -d 'Port of the endpoint [default: 3306]' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l address -d 'What is dialled, if it is not the endpoint' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -s u -l user -d 'Database user' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -s D -l database -d 'Default database' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -s J -l bastion -d 'SSH bastion, or an alias from ssh_config' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l route -d 'direct, tunnel or data-api [default: tunnel where there is a bastion]' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l auth -d 'Where the password comes from: iam (a token), secret (Secrets Manager) or password (asked for) [default: iam]' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l ssl-mode -d 'VERIFY_IDENTITY or VERIFY_CA; REQUIRED, with --auth password only, trusts whoever answers with the password [default: VERIFY_IDENTITY]' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l ssl-ca -d 'PEM file of roots to trust beside those of RDS' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l credential -d 'Stored credential, instead of a profile (see rdsconn credential)' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l cluster-arn -d 'Cluster, for the Data API [default: looked up by the endpoint]' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l secret-arn -d 'Secret with the login, for the Data API and for auth "secret" [default: the cluster\'s own]' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_needs_command" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l transaction -d 'Run all statements in one transaction; the first error rolls it back'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -l continue-after-timeout -d 'Data API: let a statement go on when 45 seconds are over; for DDL, which must not stop halfway'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -s B -l batch -d 'Print rows as tsv, as mysql does'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -s N -l skip-column-names -d 'Leave out the column names'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -s E -l vertical -d 'Print one line for each column of a row'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -s r -l raw -d 'Do not escape tab, newline, NUL and backslash in tsv'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -s V -l version -d 'Print version'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -a "query" -d 'Run SQL on HOST, or start the default client (the same as a bare HOST; for hosts that are named like a command)'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -a "exec" -d 'Start mysql, mariadb, mysqlsh, mysqldump, mycli or any program on the tunnel to HOST'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -a "tunnel" -d 'Hold a tunnel to HOST open; prints the listener on stdout'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -a "token" -d 'Print the IAM token for HOST, and nothing else, on stdout'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -a "explain" -d 'Show what HOST resolves to, and which file and rule said so; touches no network'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -a "conventions" -d 'List, check or begin a folder of conventions'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -a "helper" -d 'Install MySQL Shell\'s credential helper, show how it stands, or take it away'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -a "credential" -d 'Store AWS access keys under a name, list, show, test, remove or export them'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -a "cache" -d 'List or clear the tokens that are kept for the next command'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -a "completions" -d 'Print the completion script of a shell'
complete -c rdsconn -n "__fish_rdsconn_needs_command" -a "man" -d 'Print a manual page'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -s e -l execute -d 'SQL to run; may be given several times' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -s f -l file -d 'Run the SQL in a file; - is stdin' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l password-fd -d 'With --auth password: read it from the first line of this descriptor, for example 3 with 3<FILE' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -s p -l param -l parameter -d 'Value for :NAME in the SQL; TYPE is string, int, long, double, boolean, decimal, date, time, timestamp, json, uuid, blob (base64) or null [default: string]; may be given several times' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l page-by -d 'Data API: fetch the rows of a SELECT in pages, in the order of this column of its result' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l format -d 'How rows are printed [default: table on a terminal, tsv on a pipe]' -r -f -a "table\t''
vertical\t''
json\t''
jsonl\t''
csv\t''
tsv\t''
markdown\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l read-timeout -d 'End a statement that is silent for this long [default: wait for ever]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l profile -l aws-profile -d 'AWS profile whose credentials sign' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l region -l aws-region -d 'AWS region of the endpoint' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l endpoint -d 'RDS name: the token is signed for it and the certificate verified against it' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -s P -l port -d 'Port of the endpoint [default: 3306]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l address -d 'What is dialled, if it is not the endpoint' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -s u -l user -d 'Database user' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -s D -l database -d 'Default database' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -s J -l bastion -d 'SSH bastion, or an alias from ssh_config' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l route -d 'direct, tunnel or data-api [default: tunnel where there is a bastion]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l auth -d 'Where the password comes from: iam (a token), secret (Secrets Manager) or password (asked for) [default: iam]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l ssl-mode -d 'VERIFY_IDENTITY or VERIFY_CA; REQUIRED, with --auth password only, trusts whoever answers with the password [default: VERIFY_IDENTITY]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l ssl-ca -d 'PEM file of roots to trust beside those of RDS' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l credential -d 'Stored credential, instead of a profile (see rdsconn credential)' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l cluster-arn -d 'Cluster, for the Data API [default: looked up by the endpoint]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l secret-arn -d 'Secret with the login, for the Data API and for auth "secret" [default: the cluster\'s own]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l transaction -d 'Run all statements in one transaction; the first error rolls it back'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -l continue-after-timeout -d 'Data API: let a statement go on when 45 seconds are over; for DDL, which must not stop halfway'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -s B -l batch -d 'Print rows as tsv, as mysql does'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -s N -l skip-column-names -d 'Leave out the column names'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -s E -l vertical -d 'Print one line for each column of a row'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -s r -l raw -d 'Do not escape tab, newline, NUL and backslash in tsv'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand query" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -l password-env -d 'Give the token or password in this variable, too: the weaker way, for programs that can take it in no other; every process of yours can read it there, and so can what the program starts' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -l password-fd -d 'With --auth password: read it from the first line of this descriptor, for example 3 with 3<FILE' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -l profile -l aws-profile -d 'AWS profile whose credentials sign' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -l region -l aws-region -d 'AWS region of the endpoint' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -l endpoint -d 'RDS name: the token is signed for it and the certificate verified against it' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -s P -l port -d 'Port of the endpoint [default: 3306]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -l address -d 'What is dialled, if it is not the endpoint' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -s u -l user -d 'Database user' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -s D -l database -d 'Default database' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -s J -l bastion -d 'SSH bastion, or an alias from ssh_config' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -l route -d 'direct, tunnel or data-api [default: tunnel where there is a bastion]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -l auth -d 'Where the password comes from: iam (a token), secret (Secrets Manager) or password (asked for) [default: iam]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -l ssl-mode -d 'VERIFY_IDENTITY or VERIFY_CA; REQUIRED, with --auth password only, trusts whoever answers with the password [default: VERIFY_IDENTITY]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -l ssl-ca -d 'PEM file of roots to trust beside those of RDS' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -l credential -d 'Stored credential, instead of a profile (see rdsconn credential)' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -l cluster-arn -d 'Cluster, for the Data API [default: looked up by the endpoint]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -l secret-arn -d 'Secret with the login, for the Data API and for auth "secret" [default: the cluster\'s own]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -l listen -d 'Where clients connect [default: a free port of 127.0.0.1]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -l drain -d 'How long open connections may go on after SIGTERM' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -l profile -l aws-profile -d 'AWS profile whose credentials sign' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -l region -l aws-region -d 'AWS region of the endpoint' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -l endpoint -d 'RDS name: the token is signed for it and the certificate verified against it' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -s P -l port -d 'Port of the endpoint [default: 3306]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -l address -d 'What is dialled, if it is not the endpoint' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -s u -l user -d 'Database user' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -s D -l database -d 'Default database' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -s J -l bastion -d 'SSH bastion, or an alias from ssh_config' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -l route -d 'direct, tunnel or data-api [default: tunnel where there is a bastion]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -l auth -d 'Where the password comes from: iam (a token), secret (Secrets Manager) or password (asked for) [default: iam]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -l ssl-mode -d 'VERIFY_IDENTITY or VERIFY_CA; REQUIRED, with --auth password only, trusts whoever answers with the password [default: VERIFY_IDENTITY]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -l ssl-ca -d 'PEM file of roots to trust beside those of RDS' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -l credential -d 'Stored credential, instead of a profile (see rdsconn credential)' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -l cluster-arn -d 'Cluster, for the Data API [default: looked up by the endpoint]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -l secret-arn -d 'Secret with the login, for the Data API and for auth "secret" [default: the cluster\'s own]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -l json -d 'Print listener, endpoint, user and process id as JSON'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand tunnel" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -l profile -l aws-profile -d 'AWS profile whose credentials sign' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -l region -l aws-region -d 'AWS region of the endpoint' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -l endpoint -d 'RDS name: the token is signed for it and the certificate verified against it' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -s P -l port -d 'Port of the endpoint [default: 3306]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -l address -d 'What is dialled, if it is not the endpoint' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -s u -l user -d 'Database user' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -s D -l database -d 'Default database' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -s J -l bastion -d 'SSH bastion, or an alias from ssh_config' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -l route -d 'direct, tunnel or data-api [default: tunnel where there is a bastion]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -l auth -d 'Where the password comes from: iam (a token), secret (Secrets Manager) or password (asked for) [default: iam]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -l ssl-mode -d 'VERIFY_IDENTITY or VERIFY_CA; REQUIRED, with --auth password only, trusts whoever answers with the password [default: VERIFY_IDENTITY]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -l ssl-ca -d 'PEM file of roots to trust beside those of RDS' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -l credential -d 'Stored credential, instead of a profile (see rdsconn credential)' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -l cluster-arn -d 'Cluster, for the Data API [default: looked up by the endpoint]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -l secret-arn -d 'Secret with the login, for the Data API and for auth "secret" [default: the cluster\'s own]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -l json -d 'Print token, endpoint, user and expiry as JSON'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -l fresh -d 'Mint a new token, whatever the cache holds'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand token" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -l profile -l aws-profile -d 'AWS profile whose credentials sign' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -l region -l aws-region -d 'AWS region of the endpoint' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -l endpoint -d 'RDS name: the token is signed for it and the certificate verified against it' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -s P -l port -d 'Port of the endpoint [default: 3306]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -l address -d 'What is dialled, if it is not the endpoint' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -s u -l user -d 'Database user' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -s D -l database -d 'Default database' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -s J -l bastion -d 'SSH bastion, or an alias from ssh_config' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -l route -d 'direct, tunnel or data-api [default: tunnel where there is a bastion]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -l auth -d 'Where the password comes from: iam (a token), secret (Secrets Manager) or password (asked for) [default: iam]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -l ssl-mode -d 'VERIFY_IDENTITY or VERIFY_CA; REQUIRED, with --auth password only, trusts whoever answers with the password [default: VERIFY_IDENTITY]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -l ssl-ca -d 'PEM file of roots to trust beside those of RDS' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -l credential -d 'Stored credential, instead of a profile (see rdsconn credential)' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -l cluster-arn -d 'Cluster, for the Data API [default: looked up by the endpoint]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -l secret-arn -d 'Secret with the login, for the Data API and for auth "secret" [default: the cluster\'s own]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -l json -d 'Print as JSON'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand explain" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and not __fish_seen_subcommand_from list check init" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and not __fish_seen_subcommand_from list check init" -f -a "list" -d 'List all conventions, in the order in which they are asked'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and not __fish_seen_subcommand_from list check init" -f -a "check" -d 'Check convention files and run their tests; without PATH, all of the user\'s own'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and not __fish_seen_subcommand_from list check init" -f -a "init" -d 'Write a commented config.toml and an example convention; never overwrites'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from list" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from list" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from list" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from list" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from list" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from check" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from check" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from check" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from check" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from check" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from init" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from init" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from init" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from init" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from init" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from init" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand conventions; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and not __fish_seen_subcommand_from install status uninstall" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and not __fish_seen_subcommand_from install status uninstall" -f -a "install" -d 'Link rdsconn beside every MySQL Shell as its credential helper, and have the Shell use it'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and not __fish_seen_subcommand_from install status uninstall" -f -a "status" -d 'Show every MySQL Shell, which helper it uses, and whether ours answers'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and not __fish_seen_subcommand_from install status uninstall" -f -a "uninstall" -d 'Have MySQL Shell use the helper it used before, and remove the links'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from install" -l shell -d 'This mysqlsh only; may be repeated [default: all of PATH and the usual folders]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from install" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from install" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from install" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from install" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from install" -l no-persist -d 'Leave MySQL Shell\'s options alone: choose the helper with --credential-store-helper=rdsconn'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from install" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from install" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from status" -l shell -d 'This mysqlsh only; may be repeated [default: all of PATH and the usual folders]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from status" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from status" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from status" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from status" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from status" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from uninstall" -l shell -d 'This mysqlsh only; may be repeated [default: all of PATH and the usual folders]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from uninstall" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from uninstall" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from uninstall" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from uninstall" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from uninstall" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from uninstall" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand helper; and __fish_seen_subcommand_from uninstall" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and not __fish_seen_subcommand_from add list show test remove export" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and not __fish_seen_subcommand_from add list show test remove export" -f -a "add" -d 'Store AWS access keys under a name: in the system\'s keyring, else in a file that a passphrase opens'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and not __fish_seen_subcommand_from add list show test remove export" -f -a "list" -d 'List what is stored, without secrets'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and not __fish_seen_subcommand_from add list show test remove export" -f -a "show" -d 'Show what is known of a credential, its secret masked'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and not __fish_seen_subcommand_from add list show test remove export" -f -a "test" -d 'Ask AWS who a credential is; with HOST, also what it may do of what the way to HOST needs'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and not __fish_seen_subcommand_from add list show test remove export" -f -a "remove" -d 'Remove a credential and its secret'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and not __fish_seen_subcommand_from add list show test remove export" -f -a "export" -d 'Print the keys as JSON, as AWS\'s credential_process does: for every AWS tool'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from add" -l description -d 'What they are for' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from add" -l region -l aws-region -d 'AWS region, where nothing else names one [default: us-east-1]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from add" -l access-key-id -d 'Access key id; no secret' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from add" -l secret-fd -d 'Read the secret access key from this descriptor' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from add" -l session-token-fd -d 'Read the session token from this descriptor' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from add" -l store -d 'Where the secret is stored' -r -f -a "auto\t'The keyring where there is one, else a file'
keyring\t'The keyring, or nowhere'
file\t'A file that a passphrase opens'"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from add" -l aws-profile -d 'Add a profile to the AWS configuration that gets its keys from here [default: called as the credential]; for a credential that is stored already, only that' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from add" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from add" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from add" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from add" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from add" -l force -d 'Replace what is stored under the name'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from add" -l no-test -d 'Do not ask AWS whether it knows the keys'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from add" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from list" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from list" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from list" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from list" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from list" -l json -d 'Print as JSON'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from list" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from show" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from show" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from show" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from show" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from show" -l json -d 'Print as JSON'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from show" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -l profile -l aws-profile -d 'AWS profile whose credentials sign' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -l region -l aws-region -d 'AWS region of the endpoint' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -l endpoint -d 'RDS name: the token is signed for it and the certificate verified against it' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -s P -l port -d 'Port of the endpoint [default: 3306]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -l address -d 'What is dialled, if it is not the endpoint' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -s u -l user -d 'Database user' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -s D -l database -d 'Default database' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -s J -l bastion -d 'SSH bastion, or an alias from ssh_config' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -l route -d 'direct, tunnel or data-api [default: tunnel where there is a bastion]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -l auth -d 'Where the password comes from: iam (a token), secret (Secrets Manager) or password (asked for) [default: iam]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -l ssl-mode -d 'VERIFY_IDENTITY or VERIFY_CA; REQUIRED, with --auth password only, trusts whoever answers with the password [default: VERIFY_IDENTITY]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -l ssl-ca -d 'PEM file of roots to trust beside those of RDS' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -l credential -d 'Stored credential, instead of a profile (see rdsconn credential)' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -l cluster-arn -d 'Cluster, for the Data API [default: looked up by the endpoint]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -l secret-arn -d 'Secret with the login, for the Data API and for auth "secret" [default: the cluster\'s own]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -l json -d 'Print as JSON'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from remove" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from remove" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from remove" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from remove" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from remove" -l force -d 'Also where it is damaged, or the keyring does not let go of the secret'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from export" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from export" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from export" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from export" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from export" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand credential; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand cache; and not __fish_seen_subcommand_from list clear" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand cache; and not __fish_seen_subcommand_from list clear" -f -a "list" -d 'List the tokens that are kept, without the tokens'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand cache; and not __fish_seen_subcommand_from list clear" -f -a "clear" -d 'Remove all tokens'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand cache; and __fish_seen_subcommand_from list" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand cache; and __fish_seen_subcommand_from list" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand cache; and __fish_seen_subcommand_from list" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand cache; and __fish_seen_subcommand_from list" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand cache; and __fish_seen_subcommand_from list" -l json -d 'Print as JSON'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand cache; and __fish_seen_subcommand_from list" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand cache; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand cache; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand cache; and __fish_seen_subcommand_from clear" -l config -d 'Configuration file [default: ~/.config/rdsconn/config.toml]' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand cache; and __fish_seen_subcommand_from clear" -s F -l ssh-config -d 'SSH configuration file, as for ssh' -r -F
complete -c rdsconn -n "__fish_rdsconn_using_subcommand cache; and __fish_seen_subcommand_from clear" -l connect-timeout -d 'Time for each stage: bastion, credentials, login [default: 10]' -r
complete -c rdsconn -n "__fish_rdsconn_using_subcommand cache; and __fish_seen_subcommand_from clear" -l color -d 'Colour in messages' -r -f -a "auto\t''
always\t''
never\t''"
complete -c rdsconn -n "__fish_rdsconn_using_subcommand cache; and __fish_seen_subcommand_from clear" -s q -l quiet -d 'No progress, no remarks'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand cache; and __fish_seen_subcommand_from clear" -s v -l verbose -d 'Say more; may be repeated'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand cache; and __fish_seen_subcommand_from clear" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand completions" -s h -l help -d 'Print help'
complete -c rdsconn -n "__fish_rdsconn_using_subcommand man" -s h -l help -d 'Print help'
