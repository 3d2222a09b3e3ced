namespace Superfactory.Sync.Merging.Transfer;

/// <summary>State on its way to one peer: pieces that point into its parts, given to the host as it has room for them.</summary>
internal sealed class StateStream(StateParts parts)
{
    private const int Parts = 6;
    private const int NumbersInPiece = MergeLimits.ChunkBytesMax / sizeof(float);

    private int _part;
    private int _inPart;
    private long _offset;

    /// <summary>Takes the next piece; null after the last.</summary>
    public PieceMessage? Next()
    {
        while (_part < Parts)
        {
            var (bytes, taken) = Slice();
            if (taken > 0)
            {
                var piece = new PieceMessage { Stream = StreamKind.State, Offset = _offset, Bytes = bytes };
                (_inPart, _offset) = (_inPart + taken, _offset + bytes.Length);
                return piece;
            }

            (_part, _inPart) = (_part + 1, 0);
        }

        return null;
    }

    /// <summary>Whether it reads from <paramref name="memory"/>.</summary>
    public bool Reads(ReadOnlySpan<float> memory) =>
        memory.Overlaps(parts.Parameters.Span) || memory.Overlaps(parts.Momentum.Span) || memory.Overlaps(parts.Result.Span);

    /// <summary>What comes next of the current part, and how many of its elements that is.</summary>
    private (ReadOnlyMemory<byte> Bytes, int Taken) Slice() => _part switch
    {
        0 => Slice(parts.Run),
        1 => Slice(parts.Parameters),
        2 => Slice(parts.Momentum),
        3 => Slice(parts.Result),
        4 => Slice(parts.Statics),
        _ => Slice(parts.Trainer),
    };

    private (ReadOnlyMemory<byte> Bytes, int Taken) Slice(ReadOnlyMemory<byte> part)
    {
        var taken = Math.Min(part.Length - _inPart, MergeLimits.ChunkBytesMax);
        return (part.Slice(_inPart, taken), taken);
    }

    private (ReadOnlyMemory<byte> Bytes, int Taken) Slice(Memory<float> part)
    {
        var taken = Math.Min(part.Length - _inPart, NumbersInPiece);
        return (taken == 0 ? default : new FloatBytes(part.Slice(_inPart, taken)).Memory, taken);
    }
}
