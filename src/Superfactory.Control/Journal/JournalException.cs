namespace Superfactory.Control.Journal;

/// <summary>The journal can't be written any more. Nothing that it did not commit was applied; the control plane has to end.</summary>
public sealed class JournalException : Exception
{
    /// <summary>Says what happened.</summary>
    public JournalException(string message)
        : base(message)
    {
    }

    /// <summary>Says what happened, and what caused it.</summary>
    public JournalException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
