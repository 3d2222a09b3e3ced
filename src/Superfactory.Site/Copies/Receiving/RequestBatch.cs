using Superfactory.Site.Copies.Wire;

namespace Superfactory.Site.Copies.Receiving;

/// <summary>
/// Looks at what is here of a file and asks the source for the rest: chunks that are here go with their hash, and come only where they
/// differ. For one caller at a time.
/// </summary>
/// <param name="send">Sends a message; its memory may be used again when it returns.</param>
/// <param name="asked">What may still be asked for.</param>
/// <param name="stop">Ends waits.</param>
internal sealed class RequestBatch(Func<ReadOnlyMemory<byte>, ValueTask> send, SemaphoreSlim asked, CancellationToken stop)
{
    private readonly CopyWriter _writer = new CopyWriter(CopyLimits.ListBytesEnough * 2).Start(CopyMessageType.Requests);
    private readonly CopyWriter _hashes = new(CopyLimits.ChunksPerRequest * ChunkHash.Size);
    private readonly byte[] _scratch = new byte[CopyLimits.ChunkBytes];

    /// <summary>Asks for all of a file.</summary>
    public async ValueTask AskAsync(IncomingFile file)
    {
        var count = file.Plan.Count;
        if (!file.HoldsAny)
        {
            await AddAsync(file, new RequestHead(file.Id, file.Attempt, 0, count, HasHashes: false, IsLast: true));
            return;
        }

        // A run of chunks that are all here, or all not.
        var run = new RequestHead(file.Id, file.Attempt, 0, 0, HasHashes: false, IsLast: false);
        for (var chunk = 0L; chunk < count; chunk++)
        {
            var here = file.TryHash(chunk, _scratch, out var hash);
            if (run.Count > 0 && (here != run.HasHashes || (here && run.Count == CopyLimits.ChunksPerRequest)))
            {
                await AddAsync(file, run);
                run = run with { First = chunk, Count = 0 };
            }

            run = run with { HasHashes = here, Count = run.Count + 1 };
            if (here)
            {
                _hashes.Hash(hash);
            }
        }

        await AddAsync(file, run with { IsLast = true });
    }

    /// <summary>Sends what has gathered.</summary>
    public async ValueTask FlushAsync()
    {
        if (_writer.Length > 1)
        {
            await send(_writer.Written);
            _writer.Start(CopyMessageType.Requests);
        }
    }

    private async ValueTask AddAsync(IncomingFile file, RequestHead head)
    {
        for (var units = head.HasHashes ? (int)head.Count : 1; units > 0; units--)
        {
            if (!asked.Wait(0, stop))
            {
                await FlushAsync();
                await asked.WaitAsync(stop);
            }
        }

        file.Owe(head.HasHashes ? (int)head.Count : 1);
        _writer.Head(head).Bytes(_hashes.Written.Span);
        _hashes.Clear();
        if (_writer.Length >= CopyLimits.ListBytesEnough)
        {
            await FlushAsync();
        }
    }
}
