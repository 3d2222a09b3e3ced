using System.Collections.Immutable;

namespace Superfactory.Site.Agents;

/// <summary>
/// What waits to be reported, in order and of bounded size: where more comes than is taken, the oldest goes. What was taken stays
/// until it is confirmed, so that a report that got lost is sent again. Thread-safe.
/// </summary>
/// <typeparam name="T">What is reported.</typeparam>
internal sealed class Backlog<T>
{
    private readonly Lock _lock = new();
    private readonly Queue<T> _items = new();
    private readonly int _itemsMax;
    private readonly Func<T, int> _size;
    private readonly Action<T> _dropped;
    private long _first;

    /// <summary>An empty one.</summary>
    /// <param name="itemsMax">What it holds at most.</param>
    /// <param name="size">How large an item is.</param>
    /// <param name="dropped">Called with each item that had to go; must return soon.</param>
    public Backlog(int itemsMax, Func<T, int> size, Action<T> dropped) => (_itemsMax, _size, _dropped) = (itemsMax, size, dropped);

    /// <summary>Adds an item.</summary>
    public void Add(T item)
    {
        lock (_lock)
        {
            _items.Enqueue(item);
            if (_items.Count > _itemsMax)
            {
                _first++;
                _dropped(_items.Dequeue());
            }
        }
    }

    /// <summary>The oldest items, which stay.</summary>
    /// <param name="most">How many at most.</param>
    /// <param name="sizeMax">How large together at most; one item is always taken.</param>
    /// <returns>The items, and what confirms them.</returns>
    public (ImmutableArray<T> Items, long Next) Take(int most, int sizeMax)
    {
        lock (_lock)
        {
            var items = ImmutableArray.CreateBuilder<T>();
            var size = 0;
            foreach (var item in _items.Take(most))
            {
                size += _size(item);
                if (items.Count > 0 && size > sizeMax)
                {
                    break;
                }

                items.Add(item);
            }

            return (items.ToImmutable(), _first + items.Count);
        }
    }

    /// <summary>Lets go of what was taken.</summary>
    /// <param name="next">What <see cref="Take"/> said.</param>
    public void Confirm(long next)
    {
        lock (_lock)
        {
            for (; _first < next; _first++)
            {
                _items.Dequeue();
            }
        }
    }
}
