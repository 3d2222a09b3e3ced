using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Superfactory.Scheduling.Tables;

/// <summary>
/// Objects by number. Numbers and objects lie in arrays of their own: the collector goes through an array of references by what has changed in it, and through one
/// of pairs from end to end. Not safe for concurrent use; what is gone through must not change meanwhile.
/// </summary>
internal sealed class NumberTable<T> : IReadOnlyDictionary<long, T>
    where T : class
{
    private const int FirstRoom = 16;

    // 2^64 divided by the golden ratio: neighbouring numbers go to places far apart.
    private const ulong Spread = 0x9E37_79B9_7F4A_7C15;

    // A place without an object is free. Whoever is not at the place of its number is behind it without a free one between.
    private long[] _numbers = new long[FirstRoom];
    private T?[] _objects = new T?[FirstRoom];
    private int _shift = 60;

    /// <inheritdoc/>
    public int Count { get; private set; }

    /// <inheritdoc/>
    public IEnumerable<long> Keys
    {
        get
        {
            for (var at = 0; at < _numbers.Length; at++)
            {
                if (_objects[at] is not null)
                {
                    yield return _numbers[at];
                }
            }
        }
    }

    /// <inheritdoc/>
    public IEnumerable<T> Values
    {
        get
        {
            for (var at = 0; at < _objects.Length; at++)
            {
                if (_objects[at] is { } found)
                {
                    yield return found;
                }
            }
        }
    }

    /// <inheritdoc/>
    public T this[long key] => TryGetValue(key, out var found) ? found : throw new KeyNotFoundException($"There is no {key}.");

    /// <inheritdoc/>
    public bool ContainsKey(long key) => TryGetValue(key, out _);

    /// <inheritdoc/>
    public bool TryGetValue(long key, [MaybeNullWhen(false)] out T value)
    {
        for (var at = PlaceOf(key); _objects[at] is { } found; at = (at + 1) & (_numbers.Length - 1))
        {
            if (_numbers[at] == key)
            {
                value = found;
                return true;
            }
        }

        value = null;
        return false;
    }

    /// <summary>The object of a number; null where there is none.</summary>
    public T? Find(long number) => TryGetValue(number, out var found) ? found : null;

    /// <summary>Adds an object.</summary>
    /// <exception cref="ArgumentException">There is one of that number.</exception>
    public void Add(long number, T added)
    {
        if ((Count + 1) * 2 > _numbers.Length)
        {
            Grow();
        }

        var at = PlaceOf(number);
        for (; _objects[at] is not null; at = (at + 1) & (_numbers.Length - 1))
        {
            if (_numbers[at] == number)
            {
                throw new ArgumentException($"There is a {number} already.", nameof(number));
            }
        }

        (_numbers[at], _objects[at]) = (number, added);
        Count++;
    }

    /// <summary>Removes the object of a number.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Remove(long number, [MaybeNullWhen(false)] out T removed)
    {
        var mask = _numbers.Length - 1;
        var at = PlaceOf(number);
        for (; _objects[at] is not null && _numbers[at] != number; at = (at + 1) & mask)
        {
        }

        removed = _objects[at];
        if (removed is null)
        {
            return false;
        }

        // Whoever is behind and may lie here moves up, so that nobody is behind a free place.
        for (var next = (at + 1) & mask; _objects[next] is { } behind; next = (next + 1) & mask)
        {
            if (((next - PlaceOf(_numbers[next])) & mask) >= ((next - at) & mask))
            {
                (_numbers[at], _objects[at]) = (_numbers[next], behind);
                at = next;
            }
        }

        (_numbers[at], _objects[at]) = (0, null);
        Count--;
        return true;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<long, T>> GetEnumerator()
    {
        for (var at = 0; at < _objects.Length; at++)
        {
            if (_objects[at] is { } found)
            {
                yield return new KeyValuePair<long, T>(_numbers[at], found);
            }
        }
    }

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int PlaceOf(long number) => (int)(unchecked((ulong)number * Spread) >> _shift);

    private void Grow()
    {
        var (numbers, objects) = (_numbers, _objects);
        (_numbers, _objects) = (new long[numbers.Length * 2], new T?[numbers.Length * 2]);
        _shift--;
        Count = 0;
        for (var at = 0; at < objects.Length; at++)
        {
            if (objects[at] is { } found)
            {
                Add(numbers[at], found);
            }
        }
    }
}
