<?php
// The work of CocoAI's workers in PHP: verify, decide, keep durably, answer 200; then, if ANSWERS is 1, write the answer.

declare(strict_types=1);

require __DIR__ . '/spool.php';

const MAX_AGE = 300;  // seconds for which a signature is valid, before and after its time
const SUBTYPES = [null, '', 'file_share', 'thread_broadcast', 'me_message'];

main();

function main(): void
{
    header('Content-Type: text/plain');
    if ($_SERVER['PATH_INFO'] === '/healthz') {
        echo "ok\n";
        return;
    }
    $body = file_get_contents('php://input');
    if (!is_signed($body)) {
        refuse(401, "the signature is not Slack's");
        return;
    }
    $payload = json_decode($body, true);
    if (!is_array($payload)) {
        refuse(400, 'the body is not JSON');
        return;
    }
    if (($payload['type'] ?? '') === 'url_verification') {
        echo $payload['challenge'] ?? '';
        return;
    }
    $question = question($payload);
    if ($question !== null) {
        accept($question);
    }
}

function accept(array $question): void
{
    $began = hrtime(true);
    try {
        $new = put($question);
    } catch (RuntimeException $error) {
        error_log("question key={$question['key']} outcome=not-kept reason={$error->getMessage()}");
        refuse(503, 'cannot keep it now');
        return;
    }
    $outcome = $new ? 'accepted' : 'duplicate';
    $milliseconds = (hrtime(true) - $began) / 1e6;
    error_log(sprintf('question key=%s kind=%s outcome=%s ms=%.1f', $question['key'], $question['kind'], $outcome, $milliseconds));
    fastcgi_finish_request();
    if ($new && getenv('ANSWERS') === '1') {
        require __DIR__ . '/answer.php';
        answer($question);
    }
}

function refuse(int $status, string $line): void
{
    http_response_code($status);
    echo "$line\n";
}

function is_signed(string $body): bool
{
    $stamp = $_SERVER['HTTP_X_SLACK_REQUEST_TIMESTAMP'] ?? '';
    if (!ctype_digit($stamp) || abs(time() - (int) $stamp) > MAX_AGE) {
        return false;
    }
    $expected = 'v0=' . hash_hmac('sha256', "v0:$stamp:$body", getenv('SIGNING_SECRET'));
    return hash_equals($expected, $_SERVER['HTTP_X_SLACK_SIGNATURE'] ?? '');
}

// Return the question in this payload, or null if it is to be ignored: the rules of cocoai/slack/inbound/events.py.
function question(array $payload): ?array
{
    $event = $payload['event'] ?? null;
    if (($payload['type'] ?? '') !== 'event_callback' || !is_array($event)) {
        return null;
    }
    if (!in_array($event['type'] ?? '', ['message', 'app_mention'], true) || !is_from_a_person($event)) {
        return null;
    }
    $thread_ts = $event['thread_ts'] ?? $event['ts'] ?? '';
    $kind = is_plausible($event, $thread_ts) ? kind($event, $thread_ts) : null;
    return $kind === null ? null : [
        'kind' => $kind,
        'channel' => $event['channel'],
        'thread_ts' => $thread_ts,
        'ts' => $event['ts'],
        'user' => $event['user'],
        'team' => $event['user_team'] ?? $event['team'] ?? $payload['team_id'] ?? '',
        'text' => $event['text'] ?? '',
        'event_id' => $payload['event_id'] ?? '',
        'event_time' => $payload['event_time'] ?? 0,
        'key' => "{$event['channel']}-$thread_ts-{$event['ts']}",
    ];
}

function is_from_a_person(array $event): bool
{
    if (!empty($event['hidden']) || !in_array($event['subtype'] ?? null, SUBTYPES, true)) {
        return false;
    }
    if (!empty($event['bot_id']) || !empty($event['bot_profile'])) {
        return false;
    }
    return !in_array($event['user'] ?? '', [getenv('BOT_USER'), 'USLACKBOT'], true);
}

function is_plausible(array $event, string $thread_ts): bool
{
    $id = '/^[A-Z0-9]{2,24}$/D';
    $ts = '/^[0-9]{1,12}\.[0-9]{1,8}$/D';
    return preg_match($id, $event['user'] ?? '') && preg_match($id, $event['channel'] ?? '')
        && preg_match($ts, $event['ts'] ?? '') && preg_match($ts, $thread_ts);
}

function kind(array $event, string $thread_ts): ?string
{
    if (($event['channel_type'] ?? '') === 'im' || $event['channel'][0] === 'D') {
        return 'direct';
    }
    preg_match_all('/<@([A-Z0-9]{2,24})(?:\|[^<>|]*)?>/', $event['text'] ?? '', $addressed);
    if ($event['type'] === 'app_mention' || in_array(getenv('BOT_USER'), $addressed[1], true)) {
        return 'mention';
    }
    if ($thread_ts === $event['ts'] || $addressed[1]) {
        return null;
    }
    return asked_in($event['channel'], $thread_ts) ? 'follow_up' : null;
}
