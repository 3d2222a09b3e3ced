using System.Collections.Concurrent;
using Superfactory.Model.Copies;
using Superfactory.Site.Copies.Files;
using Superfactory.Site.Copies.Wire;
using Superfactory.Wan;

namespace Superfactory.Site.Copies.Sending;

/// <summary>
/// The source's end of a copy: names what there is, and answers what is asked for. It keeps nothing from one session to the next; the
/// destination knows what it has.
/// </summary>
internal sealed class SourceSession : CopySessionBase
{
    private readonly CopyPlace _place;
    private readonly string _relativeTo;
    private readonly RequestQueue _queue = new();
    private readonly SemaphoreSlim _ahead = new(CopyLimits.EntriesAheadMax);
    private readonly ConcurrentDictionary<long, SourceFile> _files = new();
    private int _begun;

    /// <summary>Does nothing yet.</summary>
    /// <param name="line">To the destination.</param>
    /// <param name="place">What is copied.</param>
    /// <param name="relativeTo">Where a path begins that does not begin with <c>/</c>.</param>
    public SourceSession(ICopyLine line, CopyPlace place, string relativeTo)
        : base(line, place.Site)
        => (_place, _relativeTo) = (place, relativeTo);

    /// <inheritdoc/>
    public override CopyProgress? Progress => null;

    /// <inheritdoc/>
    public override void Start()
    {
        // The destination speaks first.
    }

    /// <inheritdoc/>
    public override async ValueTask TakeAsync(CopyPacket packet)
    {
        try
        {
            await GuardAsync(() =>
            {
                Take(packet.Message.Span);
                return Task.CompletedTask;
            });
        }
        finally
        {
            packet.Release();
        }
    }

    /// <inheritdoc/>
    protected override ValueTask CleanAsync()
    {
        foreach (var file in _files.Values)
        {
            file.Dispose();
        }

        _queue.Dispose();
        _ahead.Dispose();
        return ValueTask.CompletedTask;
    }

    // Never waits: the destination sends its requests while this end waits for it to take answers.
    private void Take(ReadOnlySpan<byte> message)
    {
        var reader = new CopyReader(message);
        switch (reader.Type)
        {
            case CopyMessageType.Begin:
                Begin(reader.Int());
                break;
            case CopyMessageType.Requests:
                TakeRequests(ref reader);
                break;
            case CopyMessageType.Done:
                _ahead.Release(Math.Clamp(reader.Int(), 1, CopyLimits.EntriesAheadMax));
                break;
            case CopyMessageType.Abort:
                Aborted(reader.Text());
                break;
            case CopyMessageType.Finished:
                End(CopySessionEnd.Completed);
                break;
            default:
                throw new CopyProtocolException($"A destination does not say {reader.Type}.");
        }
    }

    private void Begin(int chunkBytes)
    {
        if (chunkBytes != CopyLimits.ChunkBytes || Interlocked.Exchange(ref _begun, 1) == 1)
        {
            throw new CopyProtocolException($"A copy cannot begin twice, nor with chunks of {chunkBytes} bytes.");
        }

        Run(SendTreeAsync);
        for (var reader = 0; reader < CopyLimits.Readers; reader++)
        {
            Run(AnswerAsync);
        }
    }

    private void TakeRequests(ref CopyReader reader)
    {
        while (!reader.IsAtEnd)
        {
            var head = reader.Request();
            var file = _files.GetValueOrDefault(head.File) ?? throw new CopyProtocolException($"There is no file {head.File}.");
            if (head.HasHashes && head.Count > CopyLimits.AskedRefused)
            {
                throw new CopyProtocolException($"{head.Count} hashes are too many.");
            }

            file.Ask(head);
            _queue.Add(file, head, head.HasHashes ? reader.Take(head.Count * ChunkHash.Size).ToArray() : default);
        }
    }

    private async Task SendTreeAsync()
    {
        var tree = SourceTree.Open(_place, _relativeTo);
        var writer = new CopyWriter().Start(CopyMessageType.Root).Text(Machine.Name).Text(tree.Name).Status(tree.Status);
        await SendAsync(MessageOrder.Ordered, writer.Written);
        Run(() => CountAsync(tree));
        var entries = 0L;
        writer = new CopyWriter(CopyLimits.ListBytesEnough * 2).Start(CopyMessageType.Entries);
        foreach (var entry in tree.Entries(static () => { }))
        {
            if (!_ahead.Wait(0, Stop))
            {
                await FlushAsync(writer);
                await _ahead.WaitAsync(Stop);
            }

            if (entry.Status is { Kind: FileKind.File, Size: > 0 })
            {
                _files[entry.Id] = new SourceFile(entry, tree.PathOf(entry));
            }

            entries++;
            if (writer.Entry(entry).Length >= CopyLimits.ListBytesEnough)
            {
                await FlushAsync(writer);
            }
        }

        await FlushAsync(writer);
        await SendAsync(MessageOrder.Ordered, writer.Start(CopyMessageType.EntriesEnd).Number(entries).Written);
    }

    private async ValueTask FlushAsync(CopyWriter writer)
    {
        if (writer.Length > 1)
        {
            await SendAsync(MessageOrder.Ordered, writer.Written);
            writer.Start(CopyMessageType.Entries);
        }
    }

    /// <summary>Looks through the tree once more, ahead of what is sent, so that people see how much there is.</summary>
    private async Task CountAsync(SourceTree tree)
    {
        var (files, bytes, leftOut) = (0L, 0L, 0L);
        foreach (var entry in tree.Entries(() => leftOut++))
        {
            Stop.ThrowIfCancellationRequested();
            if (entry.Status.Kind == FileKind.File)
            {
                (files, bytes) = (files + 1, bytes + entry.Status.Size);
            }
        }

        await SendAsync(MessageOrder.Ordered, new CopyWriter().Start(CopyMessageType.Totals).Number(files).Number(bytes).Number(leftOut).Written);
    }

    private async Task AnswerAsync()
    {
        var batch = new AnswerBatch(message => SendAsync(MessageOrder.Unordered, message), Forget);
        while (true)
        {
            if (!_queue.TryTake(out var slice))
            {
                await batch.FlushAsync();
                slice = await _queue.TakeAsync(Stop);
            }

            try
            {
                await batch.AnswerAsync(slice);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new CopyFault(Describe(exception, slice.File.Path), exception);
            }
        }
    }

    private void Forget(SourceFile file)
    {
        if (_files.TryRemove(file.Id, out _))
        {
            file.Dispose();
        }
    }
}
