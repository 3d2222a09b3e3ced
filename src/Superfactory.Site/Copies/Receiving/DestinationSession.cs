using System.Collections.Concurrent;
using System.Threading.Channels;
using Superfactory.Model.Copies;
using Superfactory.Site.Copies.Files;
using Superfactory.Site.Copies.Wire;
using Superfactory.Wan;

namespace Superfactory.Site.Copies.Receiving;

/// <summary>
/// The destination's end of a copy: leads it. It looks at what it has, asks for the rest, verifies and writes, and moves each file to its
/// place when it is whole. What it keeps from one session to the next is what is on the disk.
/// </summary>
internal sealed partial class DestinationSession : CopySessionBase
{
    private readonly CopyPlace _place;
    private readonly string _relativeTo;
    private readonly CopyMeter _meter;
    private readonly Channel<IncomingFile> _toPrepare = Channel.CreateUnbounded<IncomingFile>();
    private readonly Channel<IncomingFile> _toRepeat = Channel.CreateUnbounded<IncomingFile>();
    private readonly Channel<CopyPacket> _toWrite = Channel.CreateBounded<CopyPacket>(CopyLimits.AnswersWaitingMax);
    private readonly ConcurrentDictionary<long, IncomingFile> _files = new();
    private readonly SemaphoreSlim _asked = new(CopyLimits.AskedMax);
    private readonly SemaphoreSlim _large = new(CopyLimits.LargeFilesMax);
    private readonly SemaphoreSlim _saying = new(1, 1);
    private DestinationTree? _tree;
    private CopyRoot? _root;
    private long _entries;
    private long _finished;
    private long _expected = long.MaxValue;
    private int _unsaid;
    private bool _inPlace;

    /// <summary>Does nothing yet.</summary>
    /// <param name="line">To the source.</param>
    /// <param name="place">Where to.</param>
    /// <param name="relativeTo">Where a path begins that does not begin with <c>/</c>.</param>
    /// <param name="clock">Measures the rate.</param>
    public DestinationSession(ICopyLine line, CopyPlace place, string relativeTo, TimeProvider clock)
        : base(line, place.Site)
        => (_place, _relativeTo, _meter) = (place, relativeTo, new CopyMeter(clock));

    /// <inheritdoc/>
    public override CopyProgress? Progress => _meter.Read();

    /// <inheritdoc/>
    public override void Start()
    {
        Run(async () => await SendAsync(MessageOrder.Ordered, new CopyWriter().Start(CopyMessageType.Begin).Number(CopyLimits.ChunkBytes).Written));
        for (var preparer = 0; preparer < CopyLimits.Preparers; preparer++)
        {
            Run(() => PrepareAsync(_toPrepare.Reader, takePlaces: true));
        }

        // What begins again has its place and must not wait behind files that wait for one.
        Run(() => PrepareAsync(_toRepeat.Reader, takePlaces: false));

        for (var writer = 0; writer < CopyLimits.Writers; writer++)
        {
            Run(WriteAsync);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask TakeAsync(CopyPacket packet)
    {
        var kept = false;
        try
        {
            await GuardAsync(async () =>
            {
                if (packet.Message.Span is [(byte)CopyMessageType.Answers, ..])
                {
                    await _toWrite.Writer.WriteAsync(packet, Stop);
                    kept = true;
                    return;
                }

                await TakeListAsync(packet.Message);
            });
        }
        finally
        {
            if (!kept)
            {
                packet.Release();
            }
        }
    }

    /// <summary>Everything may be in place although the source, which was told so, was quicker to leave than this end to note it.</summary>
    protected override CopySessionEnd EndWhenLeft => Volatile.Read(ref _inPlace) ? CopySessionEnd.Completed : base.EndWhenLeft;

    /// <inheritdoc/>
    protected override ValueTask CleanAsync()
    {
        while (_toWrite.Reader.TryRead(out var packet))
        {
            packet.Release();
        }

        foreach (var file in _files.Values)
        {
            file.Dispose();
        }

        _asked.Dispose();
        _large.Dispose();
        _saying.Dispose();
        return ValueTask.CompletedTask;
    }

    private async ValueTask TakeListAsync(ReadOnlyMemory<byte> message)
    {
        var entries = Read(message.Span);
        foreach (var entry in entries)
        {
            try
            {
                Take(entry);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new CopyFault(Describe(exception, _tree?.PathOf(entry)), exception);
            }
        }

        await SayAsync();
    }

    /// <returns>The entries that it names.</returns>
    private List<CopyEntry> Read(ReadOnlySpan<byte> message)
    {
        var entries = new List<CopyEntry>();
        var reader = new CopyReader(message);
        switch (reader.Type)
        {
            case CopyMessageType.Root:
                _root = new CopyRoot(reader.Text(), reader.Text(), reader.Status());
                break;
            case CopyMessageType.Entries:
                while (!reader.IsAtEnd)
                {
                    entries.Add(reader.Entry());
                }

                break;
            case CopyMessageType.Totals:
                _meter.Counted(reader.Count(), reader.Count(), reader.Count());
                break;
            case CopyMessageType.EntriesEnd:
                _expected = reader.Count();
                break;
            case CopyMessageType.Abort:
                Aborted(reader.Text());
                break;
            default:
                throw new CopyProtocolException($"A source does not say {reader.Type}.");
        }

        return entries;
    }

    private void Take(CopyEntry entry)
    {
        var root = _root ?? throw new CopyProtocolException("Entries came before what they are of.");
        if (!SafePath.IsPlain(entry.Path) || (entry.Path.Length == 0) != (_entries == 0) || (_entries > 0 && root.Status.Kind != FileKind.Directory))
        {
            throw new CopyProtocolException($"'{entry.Path}' cannot be the path of an entry.");
        }

        _entries++;
        _tree ??= DestinationTree.Open(_place, _relativeTo, root);
        switch (entry.Status.Kind)
        {
            case FileKind.Directory:
                _tree.MakeDirectory(entry);
                Finished();
                break;
            case FileKind.Link when SafePath.StaysInside(entry.Path, entry.Target ?? string.Empty):
                _tree.MakeLink(entry);
                Finished();
                break;
            case FileKind.File:
                Take(entry, _tree.Look(entry));
                break;
            default:
                throw new CopyProtocolException($"'{entry.Path}' is nothing that is copied.");
        }
    }

    private void Take(CopyEntry entry, FileStatus there)
    {
        _meter.Found(entry.Status.Size);
        var file = new IncomingFile(entry, _tree!.PathOf(entry));
        if (entry.Status.Size > 0)
        {
            if (!_files.TryAdd(entry.Id, file))
            {
                throw new CopyProtocolException($"There are two files {entry.Id}.");
            }

            _toPrepare.Writer.TryWrite(file);
            return;
        }

        file.Prepare(there);
        file.Complete(_tree.IsWrittenOut(file.Path));
        _meter.Finished();
        Finished();
    }

    private void Finished()
    {
        Interlocked.Increment(ref _finished);
        Interlocked.Increment(ref _unsaid);
    }

    /// <summary>Tells the source how many entries are finished; after the last one, finishes the copy.</summary>
    private async ValueTask SayAsync()
    {
        if (Interlocked.Exchange(ref _unsaid, 0) is var done and > 0)
        {
            await SendAsync(MessageOrder.Ordered, new CopyWriter().Start(CopyMessageType.Done).Number(done).Written);
        }

        if (Interlocked.Read(ref _finished) != Interlocked.Read(ref _expected))
        {
            return;
        }

        await _saying.WaitAsync(Stop);
        try
        {
            if (Ended.IsCompleted)
            {
                return;
            }

            _tree?.Finish();
            Volatile.Write(ref _inPlace, true);
            await SendAsync(MessageOrder.Ordered, new CopyWriter().Start(CopyMessageType.Finished).Written);
            End(CopySessionEnd.Completed);
        }
        finally
        {
            _saying.Release();
        }
    }
}
