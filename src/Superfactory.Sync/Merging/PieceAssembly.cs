namespace Superfactory.Sync.Merging;

/// <summary>What became of a piece.</summary>
internal enum PieceVerdict
{
    /// <summary>Taken; more are missing.</summary>
    Taken,

    /// <summary>Taken; it was the last.</summary>
    Complete,

    /// <summary>Refused: it is not the next, or goes beyond the end.</summary>
    Refused,
}

/// <summary>A stream of known length that is put together from pieces in order.</summary>
internal sealed class PieceAssembly(int length)
{
    private readonly byte[] _bytes = new byte[length];
    private int _received;

    /// <summary>The whole stream; only after <see cref="PieceVerdict.Complete"/>.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Takes the next piece.</summary>
    public PieceVerdict Accept(PieceMessage piece)
    {
        if (piece.Offset != _received || piece.Bytes.Length > length - _received)
        {
            return PieceVerdict.Refused;
        }

        piece.Bytes.Span.CopyTo(_bytes.AsSpan(_received));
        _received += piece.Bytes.Length;
        return _received == length ? PieceVerdict.Complete : PieceVerdict.Taken;
    }
}
