<?php
// The answer, in the same worker, since PHP has no other process for it. The worker is busy until the answer is whole.

declare(strict_types=1);

const UPDATE_INTERVAL = 3.0;  // seconds
const PLACEHOLDER = 'ちょっと待ってにゃ~';

function answer(array $question): void
{
    $job = folder('ready') . "/{$question['key']}";
    record($job, 'attempt', ['n' => 1]);
    $ts = slack('chat.postMessage', message($question, PLACEHOLDER, 'placeholder', 'thread_ts', $question['thread_ts']))['ts'];
    record($job, 'placeholder', ['ts' => $ts]);
    $text = reply(conversation($question), function (string $text) use ($question, $ts) {
        slack('chat.update', message($question, $text, 'placeholder', 'ts', $ts));
    });
    record($job, 'answer', ['text' => $text]);
    slack('chat.update', message($question, $text, 'answer', 'ts', $ts));
    record($job, 'finished', []);
    rename($job, folder('done') . "/{$question['key']}");
    sync(folder('done'));
    sync(folder('ready'));
}

function record(string $job, string $fact, array $values): void
{
    append(must(fopen($job, 'a'), $job), ['fact' => $fact, 'at' => microtime(true)] + $values);
}

function message(array $question, string $text, string $kind, string $place, string $ts): array
{
    $payload = ['key' => $question['key'], 'kind' => $kind, 'n' => 1];
    $metadata = ['event_type' => 'cocoai', 'event_payload' => $payload];
    return ['channel' => $question['channel'], 'text' => $text, $place => $ts, 'metadata' => $metadata];
}

// Return the thread so far as messages for the model.
function conversation(array $question): array
{
    $arguments = ['channel' => $question['channel'], 'ts' => $question['thread_ts'], 'limit' => 200];
    $turns = [['role' => 'system', 'content' => file_get_contents(getenv('INSTRUCTIONS'))]];
    foreach (slack('conversations.replies', $arguments)['messages'] as $message) {
        if ($message['ts'] <= $question['ts']) {
            $role = $message['user'] === getenv('BOT_USER') ? 'assistant' : 'user';
            $turns[] = ['role' => $role, 'content' => str_replace('<@' . getenv('BOT_USER') . '>', '', $message['text'])];
        }
    }
    return $turns;
}

function slack(string $method, array $arguments): array
{
    static $curl = null;
    $curl ??= curl_init();
    $headers = ['Content-Type: application/json; charset=utf-8', 'Authorization: Bearer ' . getenv('BOT_TOKEN')];
    curl_setopt_array($curl, post(getenv('SLACK_URL') . $method, $headers, $arguments) + [CURLOPT_RETURNTRANSFER => true]);
    $result = json_decode(must(curl_exec($curl), curl_error($curl)), true);
    return must(($result['ok'] ?? false) ? $result : false, "$method: " . ($result['error'] ?? 'no answer'));
}

// Return the model's whole answer; call `grow` with the text so far, at most every UPDATE_INTERVAL seconds.
function reply(array $turns, callable $grow): string
{
    $rest = $text = '';
    $next = microtime(true) + UPDATE_INTERVAL;
    $take = function ($curl, string $piece) use (&$rest, &$text, &$next, $grow): int {
        $lines = explode("\n", $rest . $piece);
        $rest = array_pop($lines);
        $text .= implode('', array_map(word(...), $lines));
        if ($text !== '' && microtime(true) >= $next) {
            $grow($text);
            $next = microtime(true) + UPDATE_INTERVAL;
        }
        return strlen($piece);
    };
    $headers = ['Content-Type: application/json', 'Authorization: Bearer ' . getenv('API_KEY')];
    $request = ['model' => getenv('MODEL'), 'messages' => $turns, 'stream' => true, 'store' => false];
    $request += ['max_completion_tokens' => 2000, 'reasoning_effort' => 'low', 'stream_options' => ['include_usage' => true]];
    $curl = curl_init();
    curl_setopt_array($curl, post(getenv('OPENAI_URL') . '/chat/completions', $headers, $request));
    curl_setopt($curl, CURLOPT_WRITEFUNCTION, $take);
    must(curl_exec($curl), curl_error($curl));
    return $text;
}

// Return the text that one line of the stream adds to the answer.
function word(string $line): string
{
    $chunk = str_starts_with($line, 'data: {') ? json_decode(substr($line, 6), true) : [];
    return $chunk['choices'][0]['delta']['content'] ?? '';
}

function post(string $url, array $headers, array $body): array
{
    return [
        CURLOPT_URL => $url,
        CURLOPT_HTTPHEADER => $headers,
        CURLOPT_POSTFIELDS => json_encode($body),
        CURLOPT_CAINFO => getenv('CA_FILE'),
        CURLOPT_CONNECTTIMEOUT => 5,
        CURLOPT_FAILONERROR => true,
    ];
}
