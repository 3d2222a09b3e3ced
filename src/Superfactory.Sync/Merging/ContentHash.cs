using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Superfactory.Sync.Merging;

/// <summary>
/// XXH64 with seed 0: finds damage and divergence at memory speed. No protection against somebody who wants two contents to agree.
/// A mutable value: pass it by reference.
/// </summary>
internal struct ContentHash
{
    private const ulong Prime1 = 0x9E3779B185EBCA87;
    private const ulong Prime2 = 0xC2B2AE3D27D4EB4F;
    private const ulong Prime3 = 0x165667B19E3779F9;
    private const ulong Prime4 = 0x85EBCA77C2B2AE63;
    private const ulong Prime5 = 0x27D4EB2F165667C5;
    private const int StripeBytes = 32;

    private ulong _lane1;
    private ulong _lane2;
    private ulong _lane3;
    private ulong _lane4;
    private ulong _length;
    private byte[]? _rest;
    private int _restLength;

    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        var hash = new ContentHash();
        hash.Append(bytes);
        return hash.Finish();
    }

    public static ulong Of(ReadOnlySpan<float> numbers)
    {
        var hash = new ContentHash();
        hash.Append(numbers);
        return hash.Finish();
    }

    /// <summary>Hash of a few words, for combining hashes in a fixed order.</summary>
    public static ulong Of(params ReadOnlySpan<ulong> words)
    {
        var hash = new ContentHash();
        hash.Append(MemoryMarshal.AsBytes(words));
        return hash.Finish();
    }

    public void Append(ReadOnlySpan<float> numbers)
    {
        // Cut so that the length in bytes fits an int.
        const int ElementsAtOnce = 1 << 28;
        for (; numbers.Length > ElementsAtOnce; numbers = numbers[ElementsAtOnce..])
        {
            Append(MemoryMarshal.AsBytes(numbers[..ElementsAtOnce]));
        }

        Append(MemoryMarshal.AsBytes(numbers));
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_rest is null)
        {
            unchecked
            {
                _rest = new byte[StripeBytes];
                (_lane1, _lane2, _lane3, _lane4) = (Prime1 + Prime2, Prime2, 0, 0 - Prime1);
            }
        }

        _length += (ulong)bytes.Length;
        if (_restLength > 0)
        {
            var taken = Math.Min(StripeBytes - _restLength, bytes.Length);
            bytes[..taken].CopyTo(_rest.AsSpan(_restLength));
            _restLength += taken;
            bytes = bytes[taken..];
            if (_restLength < StripeBytes)
            {
                return;
            }

            Stripes(_rest);
            _restLength = 0;
        }

        var whole = bytes.Length / StripeBytes * StripeBytes;
        Stripes(bytes[..whole]);
        bytes[whole..].CopyTo(_rest);
        _restLength = bytes.Length - whole;
    }

    public readonly ulong Finish()
    {
        unchecked
        {
            var hash = Prime5;
            if (_length >= StripeBytes)
            {
                hash = BitOperations.RotateLeft(_lane1, 1) + BitOperations.RotateLeft(_lane2, 7)
                    + BitOperations.RotateLeft(_lane3, 12) + BitOperations.RotateLeft(_lane4, 18);
                hash = Fold(Fold(Fold(Fold(hash, _lane1), _lane2), _lane3), _lane4);
            }

            hash += _length;
            var rest = (_rest ?? []).AsSpan(0, _restLength);
            for (; rest.Length >= 8; rest = rest[8..])
            {
                hash ^= Round(0, BinaryPrimitives.ReadUInt64LittleEndian(rest));
                hash = (BitOperations.RotateLeft(hash, 27) * Prime1) + Prime4;
            }

            if (rest.Length >= 4)
            {
                hash ^= BinaryPrimitives.ReadUInt32LittleEndian(rest) * Prime1;
                hash = (BitOperations.RotateLeft(hash, 23) * Prime2) + Prime3;
                rest = rest[4..];
            }

            foreach (var value in rest)
            {
                hash ^= value * Prime5;
                hash = BitOperations.RotateLeft(hash, 11) * Prime1;
            }

            hash = (hash ^ (hash >> 33)) * Prime2;
            hash = (hash ^ (hash >> 29)) * Prime3;
            return hash ^ (hash >> 32);
        }
    }

    private static ulong Round(ulong lane, ulong input) => unchecked(BitOperations.RotateLeft(lane + (input * Prime2), 31) * Prime1);

    private static ulong Fold(ulong hash, ulong lane) => unchecked(((hash ^ Round(0, lane)) * Prime1) + Prime4);

    private void Stripes(ReadOnlySpan<byte> bytes)
    {
        var (lane1, lane2, lane3, lane4) = (_lane1, _lane2, _lane3, _lane4);
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        for (var index = 0; index + 4 <= words.Length; index += 4)
        {
            lane1 = Round(lane1, words[index]);
            lane2 = Round(lane2, words[index + 1]);
            lane3 = Round(lane3, words[index + 2]);
            lane4 = Round(lane4, words[index + 3]);
        }

        (_lane1, _lane2, _lane3, _lane4) = (lane1, lane2, lane3, lane4);
    }
}
