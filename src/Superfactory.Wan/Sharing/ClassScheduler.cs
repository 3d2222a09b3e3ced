using Superfactory.Model.Wan;

namespace Superfactory.Wan.Sharing;

/// <summary>
/// Decides which class a link's next frame is of: the highest that has something, unless a lower one is owed a frame. A class that
/// has something to send is owed its floor of every byte that the link sends, so that a full link gives each at least its floor,
/// and the rest to the highest. Pure; not thread-safe.
/// </summary>
internal sealed class ClassScheduler(ClassFloors floors)
{
    private const int Classes = (int)TrafficClass.Bulk + 1;

    private readonly double[] _floors = [floors.Control, floors.Merge, floors.Bulk];
    private readonly double[] _owed = new double[Classes];

    /// <summary>The order in which classes are to be asked for a frame: first those that are owed one, the lowest first, then by priority.</summary>
    /// <param name="has">Whether a class has something to send, in the order of <see cref="TrafficClass"/>.</param>
    /// <param name="order">Takes the classes that have something, in order.</param>
    /// <returns>How many there are.</returns>
    public int Order(ReadOnlySpan<bool> has, Span<TrafficClass> order)
    {
        var count = 0;
        for (var index = Classes - 1; index > 0; index--)
        {
            if (has[index] && _owed[index] > 0 && HasHigher(has, index))
            {
                order[count++] = (TrafficClass)index;
            }
        }

        for (var index = 0; index < Classes; index++)
        {
            if (has[index] && !order[..count].Contains((TrafficClass)index))
            {
                order[count++] = (TrafficClass)index;
            }
        }

        return count;
    }

    /// <summary>A frame left.</summary>
    /// <param name="trafficClass">Its class.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="has">Whether a class had something to send, that one included.</param>
    public void Sent(TrafficClass trafficClass, int bytes, ReadOnlySpan<bool> has)
    {
        for (var index = 0; index < Classes; index++)
        {
            // Whoever has nothing to send saves nothing up. The first frame that is owed may be sent before it is earned whole: the debt is kept.
            _owed[index] = has[index] ? Math.Min(_owed[index] + (_floors[index] * bytes), SavedMax) : Math.Min(_owed[index], 0);
        }

        var sent = (int)trafficClass;
        _owed[sent] = Math.Max(_owed[sent] - bytes, -bytes);
    }

    /// <summary>What a class may be owed at most: two of the longest messages.</summary>
    private const double SavedMax = 2 << 20;

    private static bool HasHigher(ReadOnlySpan<bool> has, int index)
    {
        for (var higher = 0; higher < index; higher++)
        {
            if (has[higher])
            {
                return true;
            }
        }

        return false;
    }
}
