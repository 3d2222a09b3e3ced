using Superfactory.Model.Fleet;

namespace Superfactory.Scheduling.Placing;

/// <summary>The kinds of hardware that a request accepts, in its order of preference, without memory of its own.</summary>
internal struct AcceptedTypes(GangRequest request)
{
    private int _next;

    /// <summary>The kind.</summary>
    public int Current { get; private set; }

    /// <summary>Itself.</summary>
    public readonly AcceptedTypes GetEnumerator() => this;

    /// <summary>Goes on to the next kind.</summary>
    public bool MoveNext()
    {
        while (_next < (request.Hardware.IsEmpty ? HardwareCatalogue.All.Length : request.Hardware.Length))
        {
            Current = request.Hardware.IsEmpty ? _next : HardwareCatalogue.Names.IndexOf(request.Hardware[_next]);
            _next++;
            if (Current >= 0 && HardwareCatalogue.All[Current].MemoryGigabytes >= request.MemoryGigabytes && !(request.Hardware.IsEmpty && HardwareCatalogue.All[Current].IsCpu))
            {
                return true;
            }
        }

        return false;
    }
}
