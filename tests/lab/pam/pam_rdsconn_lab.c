/* PAM module of rdsconn's test lab: hands the user's whole password to the verifier that listens on a unix socket, and
 * believes its answer. pam_exec would cut the password at 512 bytes, and an IAM token is longer.
 *
 * Argument: the socket's path. Sent: the user's name, a NUL, the password, end of stream. Answer: '1' lets the user in.
 * Everything else, silence and every error included, keeps the user out. */

#include <security/pam_appl.h>
#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int send_all(int fd, const char *bytes, size_t left)
{
    while (left > 0) {
        ssize_t sent = send(fd, bytes, left, MSG_NOSIGNAL);
        if (sent <= 0)
            return 0;
        bytes += sent;
        left -= (size_t)sent;
    }
    return 1;
}

static int ask_verifier(const char *path, const char *user, const char *password)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char answer = '0';
    int fd;

    if (strlen(path) >= sizeof address.sun_path)
        return PAM_AUTHINFO_UNAVAIL;
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return PAM_AUTHINFO_UNAVAIL;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && send_all(fd, user, strlen(user) + 1)
        && send_all(fd, password, strlen(password)) && shutdown(fd, SHUT_WR) == 0 && read(fd, &answer, 1) != 1)
        answer = '0';
    close(fd);
    return answer == '1' ? PAM_SUCCESS : PAM_AUTH_ERR;
}

int pam_sm_authenticate(pam_handle_t *pam, int flags, int argc, const char **argv)
{
    const char *user = NULL;
    const struct pam_conv *conversation = NULL;
    const struct pam_message question = {.msg_style = PAM_PROMPT_ECHO_OFF, .msg = "Password: "};
    const struct pam_message *questions[1] = {&question};
    struct pam_response *reply = NULL;
    int result;

    (void)flags;
    if (argc != 1 || pam_get_user(pam, &user, NULL) != PAM_SUCCESS || user == NULL
        || pam_get_item(pam, PAM_CONV, (const void **)&conversation) != PAM_SUCCESS || conversation == NULL
        || conversation->conv == NULL)
        return PAM_SERVICE_ERR;
    if (conversation->conv(1, questions, &reply, conversation->appdata_ptr) != PAM_SUCCESS || reply == NULL)
        return PAM_CONV_ERR;
    result = reply->resp == NULL ? PAM_AUTH_ERR : ask_verifier(argv[0], user, reply->resp);
    free(reply->resp);
    free(reply);
    return result;
}

int pam_sm_setcred(pam_handle_t *pam, int flags, int argc, const char **argv)
{
    (void)pam, (void)flags, (void)argc, (void)argv;
    return PAM_SUCCESS;
}
