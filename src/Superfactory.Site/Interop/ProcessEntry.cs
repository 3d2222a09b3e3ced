namespace Superfactory.Site.Interop;

/// <summary>One process as <c>/proc/PID/stat</c> shows it.</summary>
/// <param name="Id">Its process id.</param>
/// <param name="Parent">Its parent's process id.</param>
/// <param name="Session">The id of its session, which is its first process's id.</param>
/// <param name="State">Its state's letter; <c>Z</c> has ended and waits for its parent.</param>
/// <param name="StartTicks">When it started, in clock ticks since the machine's start: together with the id it names one process for good.</param>
internal sealed record ProcessEntry(int Id, int Parent, int Session, char State, long StartTicks)
{
    /// <summary>Whether it still runs; one that has ended but was not yet waited for does not.</summary>
    public bool IsAlive => State is not ('Z' or 'X');
}
