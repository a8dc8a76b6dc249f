<?php
// cocoai/spool/spool.py in PHP, step by step. A folder is fsynced like a file: on Linux, PHP can open it for reading.

declare(strict_types=1);

// Keep a question durably; return false if it is known already. Throw RuntimeException if it could not be kept.
function put(array $question): bool
{
    $key = $question['key'];
    if (knows($key, ['ready', 'done', 'failed'])) {
        sync(folder('ready'));
        return false;
    }
    must(touch(folder('threads') . "/{$question['channel']}-{$question['thread_ts']}"), 'the mark');
    $temporary = write($question);
    try {
        $new = commit($temporary, $key);
        sync(folder('ready'));
    } finally {
        @unlink($temporary);
    }
    return $new;
}

function write(array $question): string
{
    $path = folder('tmp') . '/' . bin2hex(random_bytes(12));
    unset($question['key']);
    append(must(@fopen($path, 'x'), $path), $question);
    return $path;
}

function commit(string $temporary, string $key): bool
{
    $lock = must(fopen(getenv('VAR') . '/locks/put.lock', 'c'), 'put.lock');
    must(flock($lock, LOCK_EX), 'put.lock');
    try {
        return !knows($key, ['done', 'failed']) && @link($temporary, folder('ready') . "/$key");
    } finally {
        fclose($lock);
    }
}

function knows(string $key, array $folders): bool
{
    foreach ($folders as $name) {
        if (file_exists(folder($name) . "/$key")) {
            return true;
        }
    }
    return false;
}

function asked_in(string $channel, string $thread_ts): bool
{
    return file_exists(folder('threads') . "/$channel-$thread_ts");
}

// Append one line to a job's file durably, and close the file.
function append($file, array $line): void
{
    must(fwrite($file, json_encode($line) . "\n"), 'a line');
    must(fsync($file), 'a line');
    fclose($file);
}

function sync(string $folder): void
{
    $opened = must(fopen($folder, 'r'), $folder);
    must(fsync($opened), $folder);
    fclose($opened);
}

function folder(string $name): string
{
    return getenv('VAR') . ($name === 'threads' ? '/threads' : "/spool/$name");
}

// Return what a call has returned, or throw RuntimeException if that is false.
function must(mixed $done, string $what): mixed
{
    return $done === false ? throw new RuntimeException("$what: " . (error_get_last()['message'] ?? '')) : $done;
}
