namespace Superfactory.Sync.Merging.Rounds;

/// <summary>What became of a chunk.</summary>
internal enum ChunkVerdict
{
    /// <summary>Taken; more are missing.</summary>
    Taken,

    /// <summary>Taken; it was the last.</summary>
    Complete,

    /// <summary>Passed over: a second sending of what is here already, or what is left of a stream that was asked for again.</summary>
    Passed,

    /// <summary>Refused: chunks before it are missing.</summary>
    Gap,

    /// <summary>Refused: some of it came before.</summary>
    Overlap,

    /// <summary>Refused: longer than the stream.</summary>
    Overlong,
}

/// <summary>A stream of known length that is put together from chunks in order. Its memory is taken with the first chunk and kept for the next stream.</summary>
internal sealed class ChunkAssembly(long length)
{
    private byte[]? _buffer;
    private long _received;
    private long _repeated;
    private int _conversation = -1;
    private bool _restarting;

    /// <summary>Whether all of it is here.</summary>
    public bool Complete { get; private set; }

    /// <summary>The whole stream; only where <see cref="Complete"/>.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, (int)length);

    /// <summary>Takes the next chunk.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="conversation">The peer's conversation: in a new one it may begin the stream again.</param>
    public ChunkVerdict Accept(ChunkMessage chunk, int conversation)
    {
        if (conversation != _conversation)
        {
            _conversation = conversation;
            _repeated = 0;
            _received = Complete ? length : 0;
            _restarting = false;
        }

        return Complete ? Pass(chunk) : Take(chunk);
    }

    /// <summary>What is here is damaged: the stream comes again from its start, and what is left of the first sending is passed over.</summary>
    public void Restart() => (Complete, _received, _restarting) = (false, 0, true);

    /// <summary>Ready for another stream of the same length.</summary>
    public void Clear() => (Complete, _received, _repeated, _conversation, _restarting) = (false, 0, 0, -1, false);

    private ChunkVerdict Take(ChunkMessage chunk)
    {
        if (_restarting)
        {
            if (chunk.Offset != 0)
            {
                return ChunkVerdict.Passed;
            }

            _restarting = false;
        }

        if (chunk.Offset != _received)
        {
            return chunk.Offset < _received ? ChunkVerdict.Overlap : ChunkVerdict.Gap;
        }

        if (chunk.Bytes.Length > length - _received)
        {
            return ChunkVerdict.Overlong;
        }

        _buffer ??= GC.AllocateUninitializedArray<byte>((int)length);
        chunk.Bytes.Span.CopyTo(_buffer.AsSpan((int)_received));
        _received += chunk.Bytes.Length;
        Complete = _received == length;
        _repeated = _received;
        return Complete ? ChunkVerdict.Complete : ChunkVerdict.Taken;
    }

    private ChunkVerdict Pass(ChunkMessage chunk)
    {
        if (chunk.Offset != _repeated)
        {
            return chunk.Offset < _repeated ? ChunkVerdict.Overlap : ChunkVerdict.Gap;
        }

        if (chunk.Bytes.Length > length - _repeated)
        {
            return ChunkVerdict.Overlong;
        }

        _repeated += chunk.Bytes.Length;
        return ChunkVerdict.Passed;
    }
}
