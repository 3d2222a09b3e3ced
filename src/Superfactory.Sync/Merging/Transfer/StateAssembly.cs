using System.Runtime.InteropServices;

namespace Superfactory.Sync.Merging.Transfer;

/// <summary>State on its way in: arrays of the announced sizes, filled in order, apart from the state in use until all of it is checked.</summary>
internal sealed class StateAssembly
{
    private readonly OfferMessage _offer;
    private readonly (byte[]? Bytes, float[]? Numbers)[] _parts;
    private ContentHash _hash;
    private int _part;
    private long _inPart;
    private long _received;

    public StateAssembly(OfferMessage offer)
    {
        _offer = offer;
        _parts =
        [
            (new byte[offer.RunBytes], null),
            (null, new float[offer.ParameterBytes / sizeof(float)]),
            (null, new float[offer.MomentumBytes / sizeof(float)]),
            (null, new float[offer.ResultBytes / sizeof(float)]),
            (new byte[offer.StaticsBytes], null),
            (new byte[offer.TrainerBytes], null),
        ];
        SkipFull();
    }

    /// <summary>Whether all of it is here.</summary>
    public bool Complete => _part == _parts.Length;

    /// <summary>Whether its hash is the announced one; only where <see cref="Complete"/>.</summary>
    public bool Sound => _hash.Finish() == _offer.Hash;

    public byte[] Run => _parts[0].Bytes!;

    public float[] Parameters => _parts[1].Numbers!;

    public float[] Momentum => _parts[2].Numbers!;

    public float[] Result => _parts[3].Numbers!;

    public byte[] Statics => _parts[4].Bytes!;

    public byte[] Trainer => _parts[5].Bytes!;

    /// <summary>Takes the next piece; false, and nothing changed, where it is not the next or does not fit.</summary>
    public bool TryTake(PieceMessage piece)
    {
        if (Complete || piece.Offset != _received)
        {
            return false;
        }

        var bytes = piece.Bytes.Span;
        var (target, numbers) = _parts[_part];
        if (bytes.Length > LengthOf(_part) - _inPart || (numbers is not null && (bytes.Length % sizeof(float)) != 0))
        {
            return false;
        }

        var destination = target is not null
            ? target.AsSpan((int)_inPart)
            : MemoryMarshal.AsBytes(numbers.AsSpan((int)(_inPart / sizeof(float)), bytes.Length / sizeof(float)));
        bytes.CopyTo(destination);
        _hash.Append(bytes);
        _received += bytes.Length;
        _inPart += bytes.Length;
        SkipFull();
        return true;
    }

    private long LengthOf(int part) => _parts[part] is { Bytes: { } bytes } ? bytes.LongLength : _parts[part].Numbers!.LongLength * sizeof(float);

    private void SkipFull()
    {
        while (_part < _parts.Length && _inPart == LengthOf(_part))
        {
            (_part, _inPart) = (_part + 1, 0);
        }
    }
}
