//! URLs that name nothing of ours, whatever the conventions say: for the parser, and for the whole program.

/// Two hundred and more, two spaces between them: none is ours, whatever the conventions say.
const HOSTILE: &[&str] = &[
    // Other things than databases.
    "@  u@  @h  u  h  u@:3306  @:3306  :@:  u@h@  u@@h  @@  u@.  u@..  \n  \0  ssh://u@h:22  SSH://u@h:22",
    "ssh:u@h  ssh:/u@h  file:/home/u/.ssh/id_rsa  file:///home/u@h  file:u@h  mysql://u@h:3306  mysqlx://u@h",
    "mysql:u@h  http://u@h  //u@h  /u@h  u@/tmp%2Fs  u@/tmp/s  u@(/tmp/s)  u@\\\\.\\pipe  u@\\\\.\\MySQL",
    "u@%2Ftmp%2Fmysql.sock  any key  key:value  rsecret  {}  null",
    // Whose host is it?
    "u:p@h  u:@h  :p@h  u:p:q@h  u@h:p@evil  u@evil@h  u@h@evil  u@h:3306@evil  a@b@c@d  u/../x@h  u/@h  u?@h",
    "u#@h  u\\@h  [u]@h  u[@h  u]@h  evil.example/u@h  evil.example#@h  evil.example?@h  evil.example\\@h",
    "u@h/  u@h/db  u@h:3306/db  u@h?x=1  u@h#x  u@h:3306?x  u@h:3306#x  u@h/@evil  u@h?@evil  u@h#@evil",
    "u@h\\evil  u@h;evil  u@h,evil  u@h evil  u@ h  u@h|evil  u@h&evil  u@h$evil  u@h`id`  u@$(id)  u@h'",
    "u@h\"  u@<h>  u@{h}  u@h*  u@*  u@h=  u@h+h  u@h~  u@(h)  u@h!  u@h^",
    // Encoded hosts and broken encodings.
    "u@%68  u@h%2eexample  u@h%00  u@%00h  u@h%2f  u@h%40evil  u%40evil  u@h%3A3306  u@h%0a  %@h  %4@h  %zz@h",
    "u%@h  %-1@h  %+1@h  %FF@h  %C3@h  %ED%A0%80@h  %F8%88%80%80%80@h  %C0%AF@h  u@h%  u@h%25",
    // Control characters, direction marks, NUL.
    "u@h\0  u\0@h  %00@h  u%00x@h  u%0a@h  u%0d%0a@h  u%1b[2J@h  u%7f@h  u%c2%85@h  u%e2%80%ae@h",
    "u%E2%80%8B@h  u%EF%BB%BF@h  u\t@h  u\u{202e}@h  u@h\t  u@h\r\n  u@h\u{202e}  u@h\u{200b}  u@\u{feff}h",
    "u@h\u{ad}  u@h\u{fffd}  u\u{fffd}@h\u{fffd}",
    // Options.
    "-u@h  --user@h  %2du@h  u@-h  u@--host  u@-oProxyCommand=x",
    // International names and their look-alikes.
    "u@bücher.example  u@ｈ  u@orders。prod  u@orders．prod  u@оrders.prod  u@ı  u@\u{212a}  u@ſ  u@①②⑦.⓪.⓪.①  u@xn--é",
    // Empty and long parts.
    "u@a..b  u@.a  u@a..  u@a.b..",
    // Ports.
    "u@h:  u@h:0  u@h:00  u@h:03306  u@h:+1  u@h:-1  u@h: 1  u@h:65536  u@h:99999999999999999999  u@h:0x1",
    "u@h:1e3  u@h:3306:3307  u@h::3306  u@h:x  u@h:१  u@h:3306.  u@127.0.0.1:0  u@127.0.0.1:  u@localhost:0",
    "u@localhost:x  u@[::1]:0  u@[::1]:  u@[::1]3306  u@[::1]:65536  u@[::1]:3306:1",
    // This machine under another name, and addresses under names that only a resolver knows.
    "u@127.0.0.2  u@127.1  u@127.0.1  u@127.255.255.254  u@0127.0.0.1  u@0177.0.0.1  u@0x7f.0.0.1",
    "u@0x7f000001  u@0x7f.1  u@2130706433  u@017700000001  u@0  u@0.0.0.0  u@127.0.0.1.  u@127.0.0.01  u@1",
    "u@0x  u@255.255.255.255  u@224.0.0.1  u@10.0.0.5.  u@10.0.0  u@10.5  u@010.0.0.5  u@h.1  u@h.0x1",
    "u@256.0.0.1  u@1.2.3.4.5  u@localhost.  u@LOCALHOST.  u@x.localhost  u@x.localhost.  u@x.LocalHost:3306",
    // IPv6.
    "u@::1  u@::1:3306  u@[::1  u@::1]  u@[]  u@[:]  u@[::]  u@[::]:3306  u@[[::1]]  u@[::1]]  u@[::1%lo]",
    "u@[::1%25lo]  u@[fe80::1%eth0]:3306  u@[fe80::1%25eth0]  u@[::ffff:127.0.0.1]  u@[::127.0.0.1]",
    "u@[::ffff:7f00:1]  u@[2001:db8::1]  u@[2001:db8::1]:3306  u@[127.0.0.1]  u@[localhost]  u@[h]  u@[::1 ]",
    "u@[ ::1]  u@[::1].h  u@h[::1]  u@[::1]@h  u@[v1.x]  u@[%3A%3A1]",
];

/// Those with a space at an end, and the long ones.
pub(crate) fn hostile() -> Vec<String> {
    let mut urls: Vec<String> = HOSTILE.iter().flat_map(|line| line.split("  ")).map(str::to_owned).collect();
    urls.extend(["", " ", "u@h ", " u@h\n", "u@h:1 "].map(str::to_owned));
    urls.extend([
        format!("u@{}", "a".repeat(64)),
        format!("u@{}", "a.".repeat(128)),
        format!("u@{}", "a".repeat(1_100)),
        format!("{}@h", "u".repeat(33)),
        format!("{}@h", "%75".repeat(33)),
        format!("{}@h", "u".repeat(1_000_000)),
        format!("{}h", "u@".repeat(500)),
        format!("u@h:{}", "1".repeat(500)),
    ]);
    urls
}
