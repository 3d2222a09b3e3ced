namespace Superfactory.Wan.Routes;

/// <summary>The last signs of life of a connection.</summary>
/// <param name="Port">The connection.</param>
/// <param name="HeardAt">When something last came, in ticks.</param>
/// <param name="AnsweredAt">When the last heartbeat left that was answered, in ticks; when the connection was made, where none was.</param>
/// <param name="IsQuiet">Whether it is not asked for any, as nothing goes over it.</param>
internal readonly record struct StreamSign(StreamPort Port, long HeardAt, long AnsweredAt, bool IsQuiet = false)
{
    /// <summary>
    /// Whether a connection is silent while others of its link speak: what is sent over it waits for nobody knows how long. The one that
    /// carries control must answer too, since it may be deaf and not dumb; others' answers stand behind what fills them.
    /// </summary>
    /// <param name="signs">Those of all connections of the link.</param>
    /// <param name="isFirst">Whether it is the one that carries control.</param>
    /// <param name="suspectAfter">How long after the others, in ticks.</param>
    public bool IsSilent(IReadOnlyList<StreamSign> signs, bool isFirst, long suspectAfter)
    {
        if (IsQuiet)
        {
            return false;
        }

        foreach (var other in signs)
        {
            if (other.HeardAt - HeardAt >= suspectAfter || (isFirst && other.AnsweredAt - AnsweredAt >= suspectAfter))
            {
                return true;
            }
        }

        return false;
    }
}
