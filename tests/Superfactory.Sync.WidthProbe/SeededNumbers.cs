namespace Superfactory.Sync.WidthProbe;

/// <summary>Seeded single-precision numbers (SplitMix64): every bit pattern can come, and special values come often. Not safe for concurrent use.</summary>
internal sealed class SeededNumbers(ulong seed)
{
    private static readonly uint[] _special =
    [
        0x0000_0000, 0x8000_0000, // zeros
        0x0000_0001, 0x807F_FFFF, // denormals
        0x0080_0000, 0x8080_0000, // smallest normal numbers
        0x7F7F_FFFF, 0xFF7F_FFFF, // largest numbers
        0x7F80_0000, 0xFF80_0000, // infinities
        0x3F80_8000, 0x3F81_8000, // halfway between two bf16 numbers: down to even, up to even
    ];

    private const uint HighestExponentBit = 0x4000_0000;

    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong NextBits()
    {
        unchecked
        {
            _state += 0x9E37_79B9_7F4A_7C15;
            var mixed = (_state ^ (_state >> 30)) * 0xBF58_476D_1CE4_E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB;
            return mixed ^ (mixed >> 31);
        }
    }

    /// <summary>Ordinary numbers of the size of gradients: -1 up to 1 in steps of 2^-23, scaled by a power of two.</summary>
    public float[] Ordinary(int count)
    {
        var values = new float[count];
        for (var index = 0; index < count; index++)
        {
            var bits = NextBits();
            var fraction = (int)(bits & 0xFF_FFFF) - 0x80_0000;
            values[index] = fraction * MathF.ScaleB(1f, -23 - (int)((bits >> 32) % 12));
        }

        return values;
    }

    /// <summary>Any bit pattern but NaN, a quarter of them special values.</summary>
    public float[] AnyButNaN(int count)
    {
        var values = new float[count];
        for (var index = 0; index < count; index++)
        {
            var bits = NextBits();
            var pattern = bits % 4 == 0 ? _special[(int)((bits >> 8) % (ulong)_special.Length)] : (uint)(bits >> 32);
            var value = BitConverter.UInt32BitsToSingle(pattern);
            values[index] = float.IsNaN(value) ? BitConverter.UInt32BitsToSingle(pattern & ~HighestExponentBit) : value;
        }

        return values;
    }
}
