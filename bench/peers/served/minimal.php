<?php
// The least that PHP can do for an event: verify, decide, keep a question with one fsync, answer 200. Nothing answers it.
//
// It decides as events.php does, save for follow-ups: it marks no threads. It leaves out what a durable spool needs beside
// the file itself: the fsync of the folder, without which a power cut may take a kept question away, the look into done/
// and failed/, so that a redelivery may be kept once more after its answer, the lock around that, and the log.

declare(strict_types=1);

const MAX_AGE = 300;  // seconds for which a signature is valid, before and after its time
const SUBTYPES = [null, '', 'file_share', 'thread_broadcast', 'me_message'];
const ID = '/^[A-Z0-9]{2,24}$/D';
const TS = '/^[0-9]{1,12}\.[0-9]{1,8}$/D';

http_response_code(main());

function main(): int
{
    header('Content-Type: text/plain');
    if ($_SERVER['PATH_INFO'] === '/healthz') {
        return 200;
    }
    $body = file_get_contents('php://input');
    if (!is_signed($body)) {
        return 401;
    }
    $payload = json_decode($body, true);
    if (!is_array($payload)) {
        return 400;
    }
    echo $payload['challenge'] ?? '';
    $event = $payload['event'] ?? null;
    return is_array($event) && is_question($event) && !keep($event) ? 503 : 200;
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

function is_question(array $event): bool
{
    $user = $event['user'] ?? '';
    $channel = $event['channel'] ?? '';
    $ts = $event['ts'] ?? '';
    $thread_ts = $event['thread_ts'] ?? $ts;
    if (!in_array($event['type'] ?? '', ['message', 'app_mention'], true)
        || !in_array($event['subtype'] ?? null, SUBTYPES, true)
        || !empty($event['hidden']) || !empty($event['bot_id']) || !empty($event['bot_profile'])
        || $user === getenv('BOT_USER') || $user === 'USLACKBOT'
        || !preg_match(ID, $user) || !preg_match(ID, $channel) || !preg_match(TS, $ts) || !preg_match(TS, $thread_ts)) {
        return false;
    }
    if ($event['type'] === 'app_mention' || $channel[0] === 'D') {
        return true;
    }
    preg_match_all('/<@([A-Z0-9]{2,24})(?:\|[^<>|]*)?>/', $event['text'] ?? '', $addressed);
    return in_array(getenv('BOT_USER'), $addressed[1], true);
}

// Keep a question; return false if the disk refuses. The first of two with one key stays.
function keep(array $event): bool
{
    $spool = getenv('VAR') . '/spool';
    $kept = "$spool/ready/{$event['channel']}-" . ($event['thread_ts'] ?? $event['ts']) . "-{$event['ts']}";
    $temporary = "$spool/tmp/" . bin2hex(random_bytes(12));
    $file = @fopen($temporary, 'x');
    $done = $file && fwrite($file, json_encode($event) . "\n") && fsync($file)
        && (@link($temporary, $kept) || file_exists($kept));
    @unlink($temporary);
    return $done;
}
